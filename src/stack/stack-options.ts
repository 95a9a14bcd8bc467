import type { ExecResult, HealthStatus } from '../engine/index.ts';

/** Where a project is and how it is read; what is left out is as on the command line. */
export interface StackOptions {
  /** Folder to start from; the process's own by default. */
  readonly cwd?: string;
  /** Compose files, from `cwd`; those of the folder, or of one above it, by default. */
  readonly files?: readonly string[];
  /** The project itself, as a compose file would have it, in place of files. */
  readonly definition?: Readonly<Record<string, unknown>>;
  /** Tests that run side by side give each stack a name of its own. */
  readonly projectName?: string;
  readonly profiles?: readonly string[];
  readonly envFiles?: readonly string[];
  /** Variables for interpolation and for `CORACLE_` and `COMPOSE_` settings, on top of the process's own. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Address of a Docker Engine that is driven in place of our own: `unix:///run/docker.sock`. */
  readonly engine?: string;
  /** Given what the same command would print: builds' output, warnings. */
  readonly onOutput?: (text: string) => void;
  /** Named and anonymous volumes go as well when the stack is disposed of; for tests. */
  readonly disposeVolumes?: boolean;
}

export interface StackUpOptions {
  /** These services and what they depend on; all by default. */
  readonly services?: readonly string[];
  /** Resolve once the services are ready (`up --wait`); true by default. */
  readonly wait?: boolean;
  /** Most seconds to wait. */
  readonly waitTimeoutS?: number;
  /** Build images first (`--build`), also those that are there. */
  readonly build?: boolean;
  readonly pull?: 'always' | 'missing' | 'never';
  /** Which containers are replaced; `changed` by default. */
  readonly recreate?: 'changed' | 'always' | 'never';
  /** Service → number of replicas. */
  readonly scale?: Readonly<Record<string, number>>;
  readonly removeOrphans?: boolean;
  /** Anonymous volumes are made anew. */
  readonly renewVolumes?: boolean;
}

export interface StackDownOptions {
  /** Named and anonymous volumes, too. */
  readonly volumes?: boolean;
  readonly removeOrphans?: boolean;
  /** Seconds before a container that is stopped is killed. */
  readonly timeoutS?: number;
}

export interface StackExecOptions {
  /** Replica number; the first that runs by default. */
  readonly index?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly workingDir?: string;
  readonly privileged?: boolean;
}

export type StackExecResult = ExecResult;

export interface StackLogOptions {
  readonly services?: readonly string[];
  /** Go on until no container runs, or the signal; over restarts and recreations. */
  readonly follow?: boolean;
  /** Lines from the end of each container's log. */
  readonly tail?: number;
  readonly since?: Date;
  readonly until?: Date;
  readonly signal?: AbortSignal;
}

/** One line that a container wrote. */
export interface StackLogLine {
  readonly service: string;
  readonly container: string;
  readonly stream: 'stdout' | 'stderr';
  /** RFC 3339 with nanoseconds. */
  readonly time: string;
  readonly text: string;
}

/** A container of the project at the moment of the call. */
export interface StackContainer {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  /** Replica number, from 1. */
  readonly number: number;
  readonly state: string;
  readonly health: HealthStatus;
  /** `Up 3 seconds (healthy)`, as `ps` has it. */
  readonly status: string;
  /** Published ports. */
  readonly ports: readonly {
    readonly hostIp: string;
    readonly hostPort: number;
    readonly containerPort: number;
    readonly protocol: string;
  }[];
}

export interface StackWatchOptions {
  /** These services; all that have `develop.watch` by default. */
  readonly services?: readonly string[];
  /** Images that a rebuild replaces are removed; true by default. */
  readonly prune?: boolean;
}
