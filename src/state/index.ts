/**
 * Records on disk: where they lie, how they are written, who holds a name or an address.
 *
 * Files and kernel objects are the truth and memory is a cache. Every file has exactly one writer
 * (docs/on-disk-layout.md). A container comes into being by the rename of a folder that is complete, and ends by
 * another one (container-folders.ts); a name is a symbolic link, which one process alone can create
 * (container-names.ts); a process is known by its pid and its start time (process-identity.ts). Nothing here knows what
 * a container is for.
 */
export { syncFolder, writeFileAtomic } from './atomic-write.ts';
export {
  adoptContainerFolder,
  type ContainerFolders,
  isContainerClaimed,
  openContainerFolder,
  publishContainerFolder,
  readContainerFolders,
  retireContainerFolder,
  type UnsettledFolder,
} from './container-folders.ts';
export { type ContainerId, isContainerId, newContainerId, shortId } from './container-id.ts';
export { nameHolder, releaseName, reservedNames, reserveName } from './container-names.ts';
export { appendEvents, type EngineEvent, eventsPath } from './events.ts';
export { isAlive, ownIdentity, type ProcessIdentity, processStart } from './process-identity.ts';
export { sweepDeadLocks, withProcessLock } from './process-lock.ts';
export { isErrno, readRecord, writeUnpublished } from './record.ts';
export { containerPaths, type StateRoots, stateRoots } from './roots.ts';
export { writeNamed } from './write-named.ts';
