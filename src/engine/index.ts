/**
 * The dockerode-shaped face over runtime, network, image, volume and state: what compose, the command line and the
 * Engine API call.
 */
export type {
  ComposeEngine,
  ContainerApi,
  ContainerCreateOptions,
  ContainerInfo,
  ContainerInspectInfo,
  EngineApi,
  EngineExtensions,
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
