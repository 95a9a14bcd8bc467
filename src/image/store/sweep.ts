import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, isErrno, type StateRoots } from '../../state/index.ts';
import { removeTree } from '../remove-tree.ts';
import { storePaths, unfinishedPattern } from './layout.ts';

/** Removes what killed processes left half done. What living ones are at is left alone. */
export function sweepUnfinished(roots: StateRoots): void {
  const paths = storePaths(roots);
  for (const folder of [paths.layers, paths.ingest]) {
    for (const name of namesIn(folder)) {
      const [, pid, start] = unfinishedPattern.exec(name) ?? [];
      if (pid === undefined || start === undefined) continue;
      if (!isAlive({ pid: Number(pid), start })) removeTree(join(folder, name));
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
