import { lstatSync, type Stats, statSync } from 'node:fs';

/** What is at a path at this moment, links not followed; undefined where nothing is, or nothing can be seen. */
export function lookAt(path: string): Stats | undefined {
  return orNothing(() => lstatSync(path, { throwIfNoEntry: false }));
}

/** True where a path leads to a folder. */
export function isFolder(path: string): boolean {
  return orNothing(() => statSync(path, { throwIfNoEntry: false }))?.isDirectory() ?? false;
}

/** `throwIfNoEntry` is about ENOENT alone: a file where the path has a folder is ENOTDIR. */
function orNothing(look: () => Stats | undefined): Stats | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
