/**
 * `<data>/names/<name>` is a symbolic link to `../containers/<id>`: it comes into being whole and for one process
 * only, which a file that is created and then written does not.
 */
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { isContainerClaimed } from './container-folders.ts';
import { type ContainerId, isContainerId } from './container-id.ts';
import { isErrno } from './record.ts';
import type { StateRoots } from './roots.ts';

let serial = 0;

/**
 * Reserves a name for a container whose folder is open already; a name whose holder neither exists nor is being created is taken over.
 * @returns undefined where the name is ours now, else the id that holds it.
 */
export function reserveName(
  roots: StateRoots,
  name: string,
  id: ContainerId,
): ContainerId | undefined {
  const path = namePath(roots, name);
  for (;;) {
    try {
      symlinkSync(`../containers/${id}`, path);
      return undefined;
    } catch (error) {
      if (isErrno(error, 'ENOENT')) {
        mkdirSync(join(roots.data, 'names'), { recursive: true, mode: 0o711 });
        continue;
      }
      if (!isErrno(error, 'EEXIST')) throw error;
    }
    const holder = nameHolder(roots, name);
    if (holder !== undefined && isContainerClaimed(roots, holder)) return holder;
    if (holder !== undefined) releaseName(roots, name, holder);
  }
}

/** The id that a name is reserved for; it may be stale, see {@link isContainerClaimed}. */
export function nameHolder(roots: StateRoots, name: string): ContainerId | undefined {
  let target: string;
  try {
    target = readlinkSync(namePath(roots, name));
  } catch (error) {
    // EINVAL: no link; ENAMETOOLONG and ENOTDIR: no name that could have been reserved.
    if (['ENOENT', 'EINVAL', 'ENAMETOOLONG', 'ENOTDIR'].some((code) => isErrno(error, code))) {
      return undefined;
    }
    throw error;
  }
  const id = basename(target);
  return isContainerId(id) ? id : undefined;
}

/**
 * Gives a name back, if `id` still holds it. The link is moved aside before it is looked at, so that of two
 * processes that both found it stale, the slower one cannot remove what the faster one has put there.
 */
export function releaseName(roots: StateRoots, name: string, id: string): void {
  if (nameHolder(roots, name) !== id) return;
  const path = namePath(roots, name);
  serial += 1;
  // No container name starts with a full stop.
  const aside = `.${process.pid}.${serial}`;
  try {
    renameSync(path, namePath(roots, aside));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  if (nameHolder(roots, aside) !== id) putBack(namePath(roots, aside), path);
  unlinkSync(namePath(roots, aside));
}

function putBack(aside: string, path: string): void {
  try {
    linkSync(aside, path);
  } catch (error) {
    // A third process reserved it in between: it is the holder then.
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}

/** All reserved names with their holders. */
export function reservedNames(roots: StateRoots): { name: string; id: ContainerId }[] {
  let names: string[];
  try {
    names = readdirSync(join(roots.data, 'names'));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
  return names.flatMap((name) => {
    const id = nameHolder(roots, name);
    return id === undefined ? [] : [{ name, id }];
  });
}

function namePath(roots: StateRoots, name: string): string {
  return join(roots.data, 'names', name);
}
