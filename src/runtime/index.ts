/**
 * Containers as the kernel and the native side see them: the native client, config.json and shim.json,
 * state and logs on disk.
 *
 * The engine resolves what a user asked for into a {@link RuntimeContainer}; from there on no image, compose
 * file or Docker option is known here. The native binary's path, the roots and the clock are passed in.
 * Only a container's shim writes its state and log; this side reads them.
 */
export {
  type ArchivePart,
  type ArchivePlace,
  type ArchiveReader,
  layerChanges,
  type PathStat,
  readArchive,
  sendArchive,
  statPath,
  writeArchive,
} from './archive.ts';
export {
  type AttachChunk,
  type AttachMeeting,
  type Attachment,
  attachContainer,
  meetShim,
} from './attach.ts';
export { type CgroupFacts, cgroupProcesses, readCgroupFacts } from './cgroup-facts.ts';
export type { LogLine } from './logs/log-line.ts';
export { type ReadLogOptions, readLog, readLogBatches } from './logs/read-log.ts';
export { NativeClient } from './native-client.ts';
export { isNativeFailure, nativeError } from './native-error.ts';
export type { BoundPort, ControlRequest, NativeFailure, NativeOps } from './native-ops.ts';
export { spawnChild } from './spawn-child.ts';
export type {
  RuntimeBlkio,
  RuntimeContainer,
  RuntimeDevice,
  RuntimeEndpoint,
  RuntimeHealthcheck,
  RuntimeMount,
  RuntimeNamespace,
  RuntimeNetwork,
  RuntimePort,
  RuntimeResources,
  RuntimeRestart,
  RuntimeThrottle,
} from './spec/input.ts';
export { ociSpec } from './spec/oci-spec.ts';
export type { OciSpec } from './spec/oci-spec.wire.ts';
export { shimSpec } from './spec/shim-spec.ts';
export { replaceBundle, writeBundle } from './spec/write-bundle.ts';
export { TreeWatch, type TreeWatchEvents } from './tree-watch.ts';
