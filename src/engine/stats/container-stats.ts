import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { type CgroupFacts, cgroupProcesses, readCgroupFacts } from '../../runtime/index.ts';
import { isErrno } from '../../state/index.ts';
import type { ContainerRecord } from '../container-record.ts';
import type { EngineContext } from '../engine-context.ts';
import { observeContainer } from '../observe/observed-containers.ts';
import { hasProcess } from '../observe/running.ts';

/** What a container uses at one moment. */
export interface ContainerStats extends Omit<CgroupFacts, 'memoryLimitBytes'> {
  /** The machine's memory where it has no limit. */
  readonly memoryLimitBytes: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** Below each hierarchy's root; as config.json has it (runtime/spec). */
function cgroupPath({ id, hostConfig }: ContainerRecord): string {
  return `${hostConfig.CgroupParent || '/coracle'}/${id}`.replace(/^\/*/, '/');
}

/**
 * The counters of a container from the kernel.
 * @returns undefined where it does not run.
 * @throws {AppError} `ENGINE_CONTAINER_NOT_FOUND`
 */
export function containerStats(
  context: EngineContext,
  idOrName: string,
): ContainerStats | undefined {
  const { record, state } = observeContainer(context, idOrName);
  if (!hasProcess(state)) return undefined;
  const facts = readCgroupFacts(cgroupPath(record));
  if (facts === undefined) return undefined;
  return {
    ...facts,
    memoryLimitBytes: Math.min(facts.memoryLimitBytes, totalmem()),
    // A shared network's traffic is not this container's.
    ...(record.networkMode.kind === 'bridge'
      ? traffic(state.pid)
      : { receivedBytes: 0, sentBytes: 0 }),
  };
}

/** Processes of a running container, as this process counts them; empty where it does not run. */
export function containerProcesses(context: EngineContext, idOrName: string): number[] {
  const { record, state } = observeContainer(context, idOrName);
  return hasProcess(state) ? cgroupProcesses(cgroupPath(record)) : [];
}

/** All interfaces but the loopback, as the network namespace of a process counts them. */
function traffic(pid: number): { receivedBytes: number; sentBytes: number } {
  let received = 0;
  let sent = 0;
  for (const line of readOptional(`/proc/${pid}/net/dev`).split('\n').slice(2)) {
    const [name = '', ...columns] = line.trim().split(/[:\s]+/);
    if (name === '' || name === 'lo') continue;
    received += Number(columns[0]);
    sent += Number(columns[8]);
  }
  return { receivedBytes: received, sentBytes: sent };
}

function readOptional(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // It has ended since its state was read.
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ESRCH') || isErrno(error, 'EINVAL')) return '';
    throw error;
  }
}
