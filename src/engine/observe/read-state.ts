import { statSync } from 'node:fs';
import { isAppError } from '../../core/index.ts';
import { containerPaths, isAlive, readRecord, type StateRoots } from '../../state/index.ts';

/** One run of a healthcheck, as the shim writes it. */
export interface HealthLogEntry {
  readonly start: string;
  readonly end: string;
  readonly exitCode: number;
  readonly output: string;
}

/** `state.json` (docs/on-disk-layout.md), or what stands for it where there is none. */
export interface ContainerState {
  readonly version: 1;
  readonly id: string;
  readonly status: 'created' | 'running' | 'restarting' | 'paused' | 'exited' | 'dead';
  readonly pid: number;
  readonly pidStart: string;
  readonly shimPid: number;
  readonly shimStart: string;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly error: string;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly restartCount: number;
  /** Runs in a row that ended before they had settled; a run that settles sets it to 0. */
  readonly shortRuns?: number;
  /** Its restart policy allows no further attempt. */
  readonly gaveUp?: boolean;
  readonly stoppedByUser: boolean;
  readonly health: {
    readonly status: 'none' | 'starting' | 'healthy' | 'unhealthy';
    readonly failingStreak: number;
    readonly log: readonly HealthLogEntry[];
  } | null;
  readonly ports: readonly {
    readonly protocol: 'tcp' | 'udp';
    readonly hostIp: string;
    readonly hostPort: number;
    readonly containerPort: number;
  }[];
}

const never = '0001-01-01T00:00:00Z';
/** What Docker reports for a container whose end nobody saw: the machine went down with it. */
const unknownExitCode = 255;
const killedExitCode = 137;

/**
 * The state of a container at this moment. A state that says "running" is believed only while its shim lives.
 * @throws {AppError} `STATE_RECORD_INVALID`
 */
export function readContainerState(roots: StateRoots, id: string): ContainerState {
  const paths = containerPaths(roots, id);
  const state = readRecord(paths.state) as ContainerState | undefined;
  if (state === undefined) return readLastState(paths.lastState) ?? stateWithoutFile(id, paths.log);
  return isShimLost(state) ? lostState(state) : state;
}

/** How a container ended before the last reboot; undefined where it did not, or the power loss left half a file. */
function readLastState(path: string): ContainerState | undefined {
  try {
    return readRecord(path) as ContainerState | undefined;
  } catch (error) {
    if (!isAppError(error, 'STATE_RECORD_INVALID')) throw error;
    return undefined;
  }
}

/** True where the state says that the container has a shim which in truth is gone: it was killed. */
export function isShimLost({ status, shimPid, shimStart }: ContainerState): boolean {
  const active = status === 'running' || status === 'paused' || status === 'restarting';
  return active && !isAlive({ pid: shimPid, start: shimStart });
}

/** What became of a container whose shim was killed: it died with it, by the parent-death signal. */
export function lostState(state: ContainerState): ContainerState {
  return {
    ...state,
    status: 'exited',
    pid: 0,
    exitCode: killedExitCode,
    error: 'its shim was killed',
    // Nobody noted the moment; the last thing that is known is when it was alive.
    finishedAt: state.finishedAt === never ? state.startedAt : state.finishedAt,
    health: state.health && { ...state.health, status: 'unhealthy' },
    ports: [],
  };
}

/** No state: it never ran, or `<run>` went with a reboot and only the log tells that it once did. */
function stateWithoutFile(id: string, log: string): ContainerState {
  const lastWritten = statSync(log, { throwIfNoEntry: false })?.mtime.toISOString();
  return {
    version: 1,
    id,
    status: lastWritten === undefined ? 'created' : 'exited',
    pid: 0,
    pidStart: '',
    shimPid: 0,
    shimStart: '',
    exitCode: lastWritten === undefined ? 0 : unknownExitCode,
    oomKilled: false,
    error: '',
    startedAt: lastWritten ?? never,
    finishedAt: lastWritten ?? never,
    restartCount: 0,
    stoppedByUser: false,
    health: null,
    ports: [],
  };
}
