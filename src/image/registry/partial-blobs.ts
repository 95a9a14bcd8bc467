import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, isErrno, ownIdentity, type StateRoots } from '../../state/index.ts';
import { type Digest, digestHex } from '../digest.ts';
import { storePaths } from '../store/layout.ts';

/** `<hex>.<serial>.<pid>-<start>.part`: the beginning of a blob, and whose it is. */
const partialPattern = /^([0-9a-f]{64})\.\d+\.(\d+)-(\d+)\.part$/;
/** What nobody has gone on with for so long is removed. */
const longestAgeMs = 24 * 60 * 60 * 1000;

let serial = 0;

/** A new file for a blob that is about to be downloaded; a kill leaves it for the next download of the same blob. */
export function partialPath(roots: StateRoots, digest: Digest): string {
  const { pid, start } = ownIdentity();
  serial += 1;
  const { ingest } = storePaths(roots);
  mkdirSync(ingest, { recursive: true, mode: 0o700 });
  return join(ingest, `${digestHex(digest)}.${serial}.${pid}-${start}.part`);
}

/**
 * Takes over what a process that is gone has left of a blob; of several, the longest. The rest is removed, with what has lain
 * for a day.
 */
export function claimPartial(
  roots: StateRoots,
  digest: Digest,
  nowMs: number,
): { readonly path: string; readonly size: number } | undefined {
  const { ingest } = storePaths(roots);
  const left: { path: string; size: number }[] = [];
  for (const name of readNames(ingest)) {
    const match = partialPattern.exec(name);
    if (match === null || isAlive({ pid: Number(match[2]), start: String(match[3]) })) continue;
    const path = join(ingest, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    if (match[1] === digestHex(digest) && stat.size > 0) left.push({ path, size: stat.size });
    else if (stat.size === 0 || nowMs - stat.mtimeMs > longestAgeMs) rmSync(path, { force: true });
  }
  const [longest, ...others] = left.sort((a, b) => b.size - a.size);
  for (const { path } of others) rmSync(path, { force: true });
  if (longest === undefined) return undefined;
  const path = partialPath(roots, digest);
  try {
    // Of two processes that both found it, one gets it.
    renameSync(longest.path, path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  return { path, size: longest.size };
}

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
