import { existsSync, readdirSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isAppError } from '../core/index.ts';
import {
  adoptContainerFolder,
  containerPaths,
  isContainerClaimed,
  isErrno,
  readContainerFolders,
  readRecord,
  releaseName,
  reservedNames,
  retireContainerFolder,
  type StateRoots,
  sweepDeadLocks,
  type UnsettledFolder,
  withProcessLock,
} from '../state/index.ts';
import { readContainerRecord } from './container-record.ts';
import type { PartialRecord } from './control/clean-up.ts';
import { autoRemoved, autoRemovePath } from './create/auto-remove.ts';
import type { EngineContext } from './engine-context.ts';
import { type ContainerState, isShimLost, readContainerState } from './observe/read-state.ts';

/**
 * Puts right what killed processes left: folders that were being made or removed, containers whose shim was killed, and
 * containers that were to be removed at their exit, reservations and locks of the dead. Called before every command that
 * changes something; where nothing is wrong it costs some readdirs and a look at each container. Safe beside other
 * engines at work: a folder is renamed to its rescuer before it is touched, a container is locked.
 *
 * What cannot be put right is told to {@link EngineContext.warn}: it must not keep another project from starting.
 */
export async function repair(context: EngineContext): Promise<void> {
  const { roots } = context;
  const folders = readContainerFolders(roots);
  for (const folder of folders.unsettled) {
    await attempt(context, folder.id, () => finish(context, folder));
  }
  for (const id of folders.ids.filter((id) => isUnwritten(roots, id))) {
    await attempt(context, id, () => removeUnwritten(context, id));
  }
  for (const id of lostContainers(roots)) await attempt(context, id, () => bury(context, id));
  for (const id of autoRemoved(roots)) await attempt(context, id, () => autoRemove(context, id));
  await sweepReservations(context, new Set(folders.ids));
  await sweepVolumes(context);
  sweepDeadLocks(join(roots.run, 'locks'));
}

/**
 * What a power loss within seconds after a creation leaves: the folder's rename has reached the disk, its files have
 * not (docs/on-disk-layout.md, "What is synced").
 */
function isUnwritten(roots: StateRoots, id: string): boolean {
  const stat = statSync(containerPaths(roots, id).record, { throwIfNoEntry: false });
  return stat === undefined || stat.size === 0;
}

async function removeUnwritten(context: EngineContext, id: string): Promise<void> {
  // Between the listing and the look at its record it may have been removed.
  const folder = retireContainerFolder(context.roots, id);
  if (folder === undefined) return;
  const { cleanUp } = await import('./control/clean-up.ts');
  await cleanUp(context, partialRecord(folder, id), folder);
}

async function attempt(
  context: EngineContext,
  id: string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    context.warn(`left-overs of container ${id.slice(0, 12)} cannot be cleaned up: ${message}`);
  }
}

/** Containers whose state says that they run, and whose shim is gone. */
function lostContainers(roots: StateRoots): string[] {
  let ids: string[];
  try {
    ids = readdirSync(join(roots.run, 'containers'));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
  return ids.filter((id) => {
    const state = readRecord(containerPaths(roots, id).state) as ContainerState | undefined;
    return state !== undefined && isShimLost(state);
  });
}

async function bury(context: EngineContext, id: string): Promise<void> {
  const record = readContainerRecord(context.roots, id);
  if (record === undefined) return;
  const { buryLostContainer } = await import('./control/clean-up.ts');
  const { lock } = containerPaths(context.roots, id);
  await withProcessLock(lock, () => buryLostContainer(context, record));
}

/** Volumes that were being made or taken away. */
async function sweepVolumes(context: EngineContext): Promise<void> {
  if (!existsSync(join(context.roots.data, 'volumes'))) return;
  const { unfinishedVolumes } = await import('../volume/index.ts');
  for (const path of unfinishedVolumes(context.roots)) {
    await (await context.native()).request('tree.remove', { path });
  }
}

/** Gives back names and addresses whose container does not exist and is not being created, and what unfinished networks left. */
async function sweepReservations(
  { roots, now }: EngineContext,
  ids: ReadonlySet<string>,
): Promise<void> {
  for (const { name, id } of reservedNames(roots)) {
    if (!ids.has(id) && !isContainerClaimed(roots, id)) releaseName(roots, name, id);
  }
  if (!existsSync(join(roots.data, 'networks'))) return;
  const { heldAddresses, listNetworks, releaseEndpoint, sweepNetworkFolders } = await import(
    '../network/index.ts'
  );
  sweepNetworkFolders(roots, now());
  for (const { id: networkId } of listNetworks(roots)) {
    for (const { address, containerId } of heldAddresses(roots, networkId)) {
      if (ids.has(containerId) || isContainerClaimed(roots, containerId)) continue;
      releaseEndpoint(roots, { networkId, address }, containerId);
    }
  }
}

async function finish(context: EngineContext, folder: UnsettledFolder): Promise<void> {
  const path = adoptContainerFolder(context.roots, folder);
  if (path === undefined) return;
  const { cleanUp } = await import('./control/clean-up.ts');
  await cleanUp(context, partialRecord(path, folder.id), path);
}

/** As much of the record as was written; a creation that was killed early has none. */
function partialRecord(path: string, id: string): PartialRecord {
  let record: object | undefined;
  try {
    record = readRecord(`${path}/container.json`);
  } catch (error) {
    if (!isAppError(error, 'STATE_RECORD_INVALID')) throw error;
  }
  return { ...record, id };
}

async function autoRemove(context: EngineContext, id: string): Promise<void> {
  const { roots } = context;
  const state = readContainerState(roots, id);
  if (state.status !== 'exited' && state.status !== 'dead') return;
  const { removeContainer } = await import('./control/remove-container.ts');
  try {
    await removeContainer(context, id, { v: true });
  } catch (error) {
    if (!isAppError(error, 'ENGINE_CONTAINER_NOT_FOUND')) throw error;
    dropMark(autoRemovePath(roots, id));
  }
}

function dropMark(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    // Another process was first.
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}
