import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, isErrno, type StateRoots } from '../../state/index.ts';
import { removeTree } from '../remove-tree.ts';
import { storePaths, unfinishedPattern } from './layout.ts';

/** Removes what killed processes left half done. What living ones are at is left alone. */
export function sweepUnfinished(roots: StateRoots): void {
  for (const path of findUnfinished(roots)) removeTree(path);
}

/** Paths of what killed processes left half done. */
export function findUnfinished(roots: StateRoots): string[] {
  const paths = storePaths(roots);
  return [paths.layers, paths.ingest].flatMap((folder) =>
    namesIn(folder).flatMap((name) => {
      const [, pid, start] = unfinishedPattern.exec(name) ?? [];
      if (pid === undefined || start === undefined) return [];
      return isAlive({ pid: Number(pid), start }) ? [] : [join(folder, name)];
    }),
  );
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
