/**
 * The life of a container's folder as names in `<data>/containers`:
 *
 * | entry | means |
 * |---|---|
 * | `<id>` | the container exists |
 * | `<id>.<pid>-<start>.new` | that process is creating it; a rename to `<id>` publishes it whole |
 * | `<id>.<pid>-<start>.gone` | that process is removing it; it exists no more |
 *
 * So a kill at any instant leaves an entry that says what it is and whose it was, and a listing never has to look
 * inside a folder to know whether it counts.
 */
import { mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type ContainerId, isContainerId } from './container-id.ts';
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity.ts';
import { isErrno } from './record.ts';
import type { StateRoots } from './roots.ts';

/** A folder that some process is making or removing. */
export interface UnsettledFolder {
  readonly id: ContainerId;
  readonly phase: 'new' | 'gone';
  readonly owner: ProcessIdentity;
  readonly path: string;
}

/** What `<data>/containers` holds at one moment. */
export interface ContainerFolders {
  readonly ids: readonly ContainerId[];
  readonly unsettled: readonly UnsettledFolder[];
}

const unsettledName = /^([0-9a-f]{64})\.(\d+)-(\d+)\.(new|gone)$/;

/** One readdir; entries that are none of ours are left alone. */
export function readContainerFolders(roots: StateRoots): ContainerFolders {
  const folder = join(roots.data, 'containers');
  const ids: ContainerId[] = [];
  const unsettled: UnsettledFolder[] = [];
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return { ids, unsettled };
    throw error;
  }
  for (const name of names) {
    if (isContainerId(name)) ids.push(name);
    else {
      const [, id, pid, start, phase] = unsettledName.exec(name) ?? [];
      if (id === undefined || start === undefined || !isContainerId(id)) continue;
      unsettled.push({
        id,
        phase: phase === 'new' ? 'new' : 'gone',
        owner: { pid: Number(pid), start },
        path: join(folder, name),
      });
    }
  }
  return { ids, unsettled };
}

/** Makes the folder in which a container is prepared. */
export function openContainerFolder(roots: StateRoots, id: ContainerId): string {
  const path = unsettledPath(roots, id, 'new');
  try {
    mkdirSync(path, { mode: 0o710 });
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    mkdirSync(join(roots.data, 'containers'), { recursive: true, mode: 0o711 });
    mkdirSync(path, { mode: 0o710 });
  }
  return path;
}

/** From this instant on the container exists. */
export function publishContainerFolder(roots: StateRoots, id: ContainerId): void {
  renameSync(unsettledPath(roots, id, 'new'), join(roots.data, 'containers', id));
}

/**
 * From this instant on the container does not exist.
 * @returns the folder to clean up, or undefined where somebody else was first.
 */
export function retireContainerFolder(roots: StateRoots, id: string): string | undefined {
  const path = unsettledPath(roots, id, 'gone');
  try {
    renameSync(join(roots.data, 'containers', id), path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  return path;
}

/**
 * Takes over a folder whose owner died, so that only one of two repairing processes works on it.
 * @returns its new path, or undefined where the owner lives or another process was first.
 */
export function adoptContainerFolder(
  roots: StateRoots,
  folder: UnsettledFolder,
): string | undefined {
  if (isAlive(folder.owner)) return undefined;
  const path = unsettledPath(roots, folder.id, 'gone');
  try {
    renameSync(folder.path, path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  return path;
}

/** True where the container exists or a living process is creating it. */
export function isContainerClaimed(roots: StateRoots, id: string): boolean {
  const settled = join(roots.data, 'containers', id);
  if (statSync(settled, { throwIfNoEntry: false })) return true;
  const creating = readContainerFolders(roots).unsettled.some(
    (folder) => folder.id === id && folder.phase === 'new' && isAlive(folder.owner),
  );
  // Published between the two looks: the folder was neither here nor there.
  return creating || statSync(settled, { throwIfNoEntry: false }) !== undefined;
}

function unsettledPath(roots: StateRoots, id: string, phase: 'new' | 'gone'): string {
  const { pid, start } = ownIdentity();
  return join(roots.data, 'containers', `${id}.${pid}-${start}.${phase}`);
}
