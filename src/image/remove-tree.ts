import { lstatSync, renameSync, rmSync } from 'node:fs';
import { isErrno } from '../state/index.ts';
import { byteNames, bytePath } from './byte-path.ts';

/** Well below PATH_MAX, with one more name behind it. */
const longestPath = 3_000;

/**
 * Removes an unfinished or unused layer folder. It holds what an archive or a step of a build has made, and no mount can be in
 * it, as nothing runs there any more; rmSync does not follow links.
 */
export function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    // A program that goes down folder by folder makes paths that no call takes as a whole.
    if (!isErrno(error, 'ENAMETOOLONG')) throw error;
    raiseDeepFolders(path);
    rmSync(path, { recursive: true, force: true });
  }
}

/** Moves each folder whose path has become too long up to the top, where the way goes on from it. */
function raiseDeepFolders(top: string): void {
  const open: (string | Buffer)[] = [top];
  let raised = 0;
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    for (const name of byteNames(folder)) {
      const path = bytePath(folder, name);
      if (!lstatSync(path).isDirectory()) continue;
      if (path.length < longestPath) {
        open.push(path);
        continue;
      }
      let place: Buffer;
      do {
        raised += 1;
        place = bytePath(top, `.coracle-raised-${raised}`);
      } while (lstatSync(place, { throwIfNoEntry: false }) !== undefined);
      renameSync(path, place);
      open.push(place);
    }
  }
}
