import { AppError } from '../core/index.ts';
import {
  isContainerId,
  nameHolder,
  readContainerFolders,
  type StateRoots,
} from '../state/index.ts';
import { type ContainerRecord, readContainerRecord } from './container-record.ts';

/**
 * Finds a container by full id, name, or a unique start of its id, in this order, as Docker does.
 * @throws {AppError} `ENGINE_CONTAINER_NOT_FOUND`, `ENGINE_CONTAINER_AMBIGUOUS`
 */
export function findContainer(roots: StateRoots, idOrName: string): ContainerRecord {
  const name = idOrName.startsWith('/') ? idOrName.slice(1) : idOrName;
  const id = isContainerId(name) ? name : (idOfName(roots, name) ?? idOfPrefix(roots, name));
  const record = id === undefined ? undefined : readContainerRecord(roots, id);
  if (record === undefined) {
    throw new AppError('ENGINE_CONTAINER_NOT_FOUND', `no such container: ${idOrName}`);
  }
  return record;
}

function idOfName(roots: StateRoots, name: string): string | undefined {
  if (name === '' || name.startsWith('.') || name.includes('/')) return undefined;
  return nameHolder(roots, name);
}

function idOfPrefix(roots: StateRoots, prefix: string): string | undefined {
  if (!/^[0-9a-f]{1,63}$/.test(prefix)) return undefined;
  const ids = readContainerFolders(roots).ids.filter((id) => id.startsWith(prefix));
  if (ids.length > 1) {
    throw new AppError(
      'ENGINE_CONTAINER_AMBIGUOUS',
      `several containers have an id that starts with ${prefix}: ${ids.map((id) => id.slice(0, 12)).join(', ')}`,
    );
  }
  return ids[0];
}
