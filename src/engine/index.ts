/**
 * The dockerode-shaped face over runtime, network, image, volume and state: what compose, the command line and the
 * Engine API call.
 *
 * create/: create options → a record, reservations, a bundle · control/: what happens to a container afterwards ·
 * observe/: records and states as Docker's API shows them · networks/, volumes/: the same for these · repair.ts: what killed
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
  LogEntry,
  LogOptions,
  NetworkApi,
  NetworkCreateOptions,
  NetworkInspectInfo,
  VolumeApi,
  VolumeCreateOptions,
  VolumeInspectInfo,
} from './api.ts';
export { createEngine, type Engine } from './engine.ts';
export type { EngineOptions, HostFiles } from './engine-context.ts';
export type { EngineInfo } from './observe/engine-info.ts';
