/**
 * The dockerode-shaped face over runtime, network, image, volume and state: what compose, the command line and the
 * Engine API call.
 *
 * create/: create options → a record, reservations, a bundle · control/: what happens to a container afterwards ·
 * observe/: records and states as Docker's API shows them · files/: what is in them, in and out · networks/, volumes/: the same for these · repair.ts: what killed
 * commands left.
 *
 * Invariants: a container exists from the rename of its finished folder to the rename that retires it
 * (docs/on-disk-layout.md), so every step before and after may be killed; nothing is cached that another process could
 * have changed; looking at containers loads neither the native client nor image code.
 */
export type {
  ComposeEngine,
  ContainerApi,
  ContainerCreateOptions,
  ContainerInfo,
  ContainerInspectInfo,
  ContainerUpdate,
  EngineApi,
  EngineEvent,
  EngineExtensions,
  EventOptions,
  ExecOptions,
  ExecResult,
  Filters,
  HealthStatus,
  ImageApi,
  ImageInfo,
  ImageInspectInfo,
  Listening,
  LogEntry,
  LogOptions,
  NetworkApi,
  NetworkCreateOptions,
  NetworkInspectInfo,
  SyncOptions,
  SyncResult,
  VolumeApi,
  VolumeCreateOptions,
  VolumeInspectInfo,
} from './api.ts';
export type { StepRequest, StepResult } from './build/run-step.ts';
export type { Attachment } from './control/attach-on-start.ts';
export { createEngine, type Engine } from './engine.ts';
export type { EngineOptions, HostFiles } from './engine-context.ts';
export type { CommitOptions } from './files/commit-container.ts';
export type { ArchiveReader, Files, PathStat } from './files/container-files.ts';
export type { EngineInfo } from './observe/engine-info.ts';
export type { ContainerStats } from './stats/container-stats.ts';
