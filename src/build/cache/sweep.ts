import { mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { removeTree, unfinishedName, unfinishedPattern } from '../../image/index.ts';
import { isAlive, isErrno, type StateRoots } from '../../state/index.ts';
import { buildPaths } from './build-paths.ts';

/** Removes what killed builds left: work folders, half downloads, secrets. What living ones are at is left alone. */
export function sweepBuilds(roots: StateRoots): void {
  const { work, downloads, secrets } = buildPaths(roots);
  for (const folder of [work, downloads, secrets]) {
    for (const name of namesIn(folder)) {
      const [, pid, start] = unfinishedPattern.exec(name) ?? [];
      if (pid === undefined || start === undefined) continue;
      if (!isAlive({ pid: Number(pid), start })) removeTree(join(folder, name));
    }
  }
}

/**
 * Shows for as long as a build is under way that there is one, and since when: a prune leaves alone what it may be using.
 * @returns what ends it.
 */
export function markBuild(roots: StateRoots): () => void {
  const path = join(buildPaths(roots).work, unfinishedName());
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return () => rmdirSync(path);
}

export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
