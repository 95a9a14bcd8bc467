import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno, type StateRoots } from '../../state/index.ts';

/** Marks a container that is to be removed once it has exited; nobody is awake to do it at that moment. */
export function autoRemovePath(roots: StateRoots, id: string): string {
  return join(roots.data, 'auto-remove', id);
}

/** Ids of all containers that are so marked. */
export function autoRemoved(roots: StateRoots): string[] {
  try {
    return readdirSync(join(roots.data, 'auto-remove'));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
