/**
 * The engine's face towards `compose` and the command line: dockerode's own method and option types, cut
 * down to what we call. A real `Dockerode` instance satisfies {@link EngineApi} (checked at compile time
 * in `api.check.ts`), so the orchestrator also drives a Docker Engine; what Docker's API cannot do fast or at all is in
 * {@link EngineExtensions}, which our engine has and an adapter supplies for Docker.
 */
import type Dockerode from 'dockerode';
import type { EngineEvent } from '../state/index.ts';

export type { EngineEvent };

export type ContainerCreateOptions = Dockerode.ContainerCreateOptions;
export type ContainerInfo = Dockerode.ContainerInfo;
export type ContainerInspectInfo = Dockerode.ContainerInspectInfo;
export type ImageInfo = Dockerode.ImageInfo;
export type ImageInspectInfo = Dockerode.ImageInspectInfo;
export type NetworkCreateOptions = Dockerode.NetworkCreateOptions;
export type NetworkInspectInfo = Dockerode.NetworkInspectInfo;
export type VolumeCreateOptions = Dockerode.VolumeCreateOptions;
export type VolumeInspectInfo = Dockerode.VolumeInspectInfo;

/** Docker's filters: `{ label: ['com.docker.compose.project=todo'] }`. */
export type Filters = { [name: string]: string[] };

/** One container, whether or not it exists; dockerode's `Container`. */
export interface ContainerApi {
  readonly id: string;
  inspect(): Promise<ContainerInspectInfo>;
  /** Resolves once the process runs (its execve has succeeded). Starting a running one is no error. */
  start(): Promise<unknown>;
  /**
   * `t`: seconds before SIGKILL; the container's own stop timeout when left out. `shutdown`, ours alone: it is not its user
   * who stops it, and the next boot starts it again where its restart policy wants that.
   */
  stop(options?: { t?: number; signal?: string; shutdown?: boolean }): Promise<unknown>;
  restart(options?: { t?: number; signal?: string }): Promise<unknown>;
  kill(options?: { signal?: string }): Promise<unknown>;
  pause(): Promise<unknown>;
  unpause(): Promise<unknown>;
  /** `v`: also its anonymous volumes; `force`: kill it first. */
  remove(options?: { v?: boolean; force?: boolean }): Promise<unknown>;
  wait(options?: {
    condition?: 'not-running' | 'next-exit' | 'removed';
  }): Promise<{ StatusCode: number }>;
}

/** One network; dockerode's `Network`. */
export interface NetworkApi {
  readonly id: string;
  inspect(): Promise<NetworkInspectInfo>;
  remove(): Promise<unknown>;
}

/** One named volume; dockerode's `Volume`. */
export interface VolumeApi {
  readonly name: string;
  inspect(): Promise<VolumeInspectInfo>;
  remove(): Promise<unknown>;
}

/** One image in the store; dockerode's `Image`. */
export interface ImageApi {
  inspect(): Promise<ImageInspectInfo>;
  remove(options?: { force?: boolean }): Promise<unknown>;
}

/** What the orchestrator needs of any engine. */
export interface EngineApi {
  createContainer(options: ContainerCreateOptions): Promise<ContainerApi>;
  getContainer(idOrName: string): ContainerApi;
  listContainers(options?: { all?: boolean; filters?: Filters }): Promise<ContainerInfo[]>;
  createNetwork(options: NetworkCreateOptions): Promise<NetworkApi>;
  getNetwork(idOrName: string): NetworkApi;
  listNetworks(options?: { filters?: Filters }): Promise<NetworkInspectInfo[]>;
  createVolume(options: VolumeCreateOptions): Promise<unknown>;
  getVolume(name: string): VolumeApi;
  listVolumes(options?: { filters?: Filters }): Promise<{ Volumes: VolumeInspectInfo[] }>;
  getImage(reference: string): ImageApi;
  listImages(options?: { all?: boolean; filters?: Filters }): Promise<ImageInfo[]>;
}

/** One line that a container wrote. */
export interface LogEntry {
  readonly stream: 'stdout' | 'stderr';
  /** RFC 3339 with nanoseconds, as captured by the shim. */
  readonly time: string;
  /** Without the line end; at most what the service wrote between two of them. */
  readonly line: Uint8Array;
  /** True for a piece of a longer line that goes on in the next entry. */
  readonly partial: boolean;
}

export interface LogOptions {
  readonly follow?: boolean;
  /** Number of last lines, or all. */
  readonly tail?: number | 'all';
  /** RFC 3339 bounds; `since` is inclusive, `until` exclusive. */
  readonly since?: string;
  readonly until?: string;
  readonly signal?: AbortSignal;
}

export interface ExecOptions {
  readonly argv: readonly string[];
  readonly env?: readonly string[];
  readonly workingDir?: string;
  readonly user?: string;
  readonly privileged?: boolean;
  readonly tty?: boolean;
  readonly detach?: boolean;
  /** What the process gets as its stdio: the caller's own, or collected output. */
  readonly stdio: 'inherit' | 'collect';
}

export interface ExecResult {
  /** The process's exit code; 126 not executable, 127 not found, 128+n by signal n. */
  readonly exitCode: number;
  /** Only with `stdio: 'collect'`. */
  readonly stdout: string;
  readonly stderr: string;
}

/** Files of the host that a container is to have. */
export interface SyncOptions {
  /** Absolute folder of the host. */
  readonly source: string;
  /** Absolute path in the container: what `source` is there. */
  readonly target: string;
  /**
   * Paths below `source`. Each becomes in the container what it is on the host at the moment of the call: that file, that
   * link, a folder (without its content), or nothing.
   */
  readonly paths: readonly string[];
  /** `paths` is one file, which `target` itself is to be; where that is a folder there, it keeps its name. */
  readonly single?: boolean;
  /** Leave alone what has the same content, whatever its time. */
  readonly compare?: boolean;
  /** Pass over what has not changed on the host since; milliseconds since 1970. */
  readonly sinceMs?: number;
}

/** What became of the paths; those in none of the lists were as they should be. */
export interface SyncResult {
  readonly written: readonly string[];
  readonly removed: readonly string[];
  /** The first few of `failures` failures, each about one path. */
  readonly errors: readonly Error[];
  readonly failures: number;
}

/** Health as Docker reports it; `none` where there is no healthcheck. */
export type HealthStatus = 'none' | 'starting' | 'healthy' | 'unhealthy';

/** Which events are wanted. */
export interface EventOptions {
  /** `type`, `event`, `container`, `network`, `volume`, `image`, `label`. */
  readonly filters?: Filters;
  /** Begins with the events that there are already; else only what comes from now on. */
  readonly past?: boolean;
  /** False: ends with the events that there are. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

/** What listens in a container's network namespace. */
export interface Listening {
  /** TCP ports that others can connect to. */
  readonly ports: readonly number[];
  /** Where this machine reaches them; left out where it does not. */
  readonly address?: string;
}

/** What of a container changes while it is there; all of it, not the differences. */
export interface ContainerUpdate {
  /** Every label that is not the image's own. */
  readonly Labels: Readonly<Record<string, string>>;
  /** Limits and `RestartPolicy`, in the words of Docker's update. A limit that is left out stays. */
  readonly HostConfig: Partial<Dockerode.HostConfig>;
  /** Network's name → its aliases of the container. */
  readonly Aliases: Readonly<Record<string, readonly string[]>>;
  readonly StopSignal?: string;
  /** Seconds. */
  readonly StopTimeout?: number;
}

/** What our engine answers beyond Docker's API. */
export interface EngineExtensions {
  /** Lines in the order in which they were written; with `follow` until the container has ended for good. */
  logEntries(id: string, options?: LogOptions): AsyncIterable<LogEntry>;
  /** The same, as many at a time as were read: for a million of them. */
  logBatches(id: string, options?: LogOptions): AsyncIterable<readonly LogEntry[]>;
  exec(id: string, options: ExecOptions): Promise<ExecResult>;
  /**
   * Writes files into a running container's root from outside: nothing in the image is needed for it. They belong to the
   * container's user; a reader sees the old file or the new one.
   */
  syncFiles(id: string, options: SyncOptions): Promise<SyncResult>;
  /** Resolves at `healthy`, `unhealthy` or the container's end, whichever comes first, without polling. */
  waitHealth(
    id: string,
    signal?: AbortSignal,
  ): Promise<{ status: HealthStatus | 'exited'; exitCode?: number }>;
  /** What listens in a container's network namespace at this moment; undefined where that cannot be told. */
  listening(id: string): Promise<Listening | undefined>;
  /** False where a container's labels, limits and aliases cannot be changed: it has to be replaced then. */
  readonly canUpdate: boolean;
  /** Changes a container that is there; one that runs takes it over at once. */
  updateContainer(id: string, update: ContainerUpdate): Promise<void>;
  /** Events as they are written, in Docker's form; lost with a reboot. */
  events(options?: EventOptions): AsyncIterable<EngineEvent>;
  /** Ends the native client; the engine may be used again and starts a new one then. */
  close(): Promise<void>;
}

/** What `compose` and the command line are given. */
export type ComposeEngine = EngineApi & EngineExtensions;
