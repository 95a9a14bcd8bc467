import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { unfinishedName } from '../../image/index.ts';
import type { StateRoots } from '../../state/index.ts';
import type { StepMount } from '../build-options.ts';
import { buildPaths } from '../cache/build-paths.ts';

const folders = ['dev', 'proc', 'sys', 'etc'];
const files = ['etc/hosts', 'etc/hostname', 'etc/resolv.conf'];

/**
 * The lowest layer under every step: the mount points that the runtime needs. They come from here where the image lacks them, so
 * that none of them is made in the step's own layer.
 */
export function ensureScaffold(roots: StateRoots): string {
  const { scaffold, work } = buildPaths(roots);
  if (existsSync(scaffold)) return scaffold;
  const temporary = join(work, unfinishedName());
  for (const folder of folders)
    mkdirSync(join(temporary, folder), { recursive: true, mode: 0o755 });
  for (const file of files) writeFileSync(join(temporary, file), '', { mode: 0o644 });
  try {
    renameSync(temporary, scaffold);
  } catch {
    // Another process was faster; its one is the same.
    rmSync(temporary, { recursive: true, force: true });
  }
  return scaffold;
}

/** The same for the mounts of one step, in a folder of that step's. */
export function mountScaffold(folder: string, mounts: readonly StepMount[]): string {
  mkdirSync(folder, { mode: 0o755 });
  for (const mount of mounts) {
    const path = join(folder, posix.resolve('/', mount.target));
    const isFile = mount.type === 'bind' && !statSync(mount.source).isDirectory();
    mkdirSync(isFile ? join(path, '..') : path, { recursive: true, mode: 0o755 });
    if (isFile && !existsSync(path)) writeFileSync(path, '', { mode: 0o644 });
  }
  return folder;
}
