import { AppError, isAppError } from '../../core/index.ts';
import type { ControlRequest } from '../../runtime/index.ts';
import { containerPaths } from '../../state/index.ts';
import type { ContainerRecord } from '../container-record.ts';
import { type EngineContext, emitContainer } from '../engine-context.ts';
import { observeContainer } from '../observe/observed-containers.ts';
import { isRunning } from '../observe/running.ts';
import { signalName } from '../signal-name.ts';

/**
 * Asks a container's shim.
 * @returns undefined where none lives, or it ended before it answered: the container does not run any more.
 */
export async function askShim<Answer>(
  context: EngineContext,
  id: string,
  request: ControlRequest,
): Promise<Answer | undefined> {
  const native = await context.native();
  try {
    return await native.control<Answer>(containerPaths(context.roots, id).run, request);
  } catch (error) {
    if (isAppError(error, 'NATIVE_NOT_RUNNING') || hasHungUp(error)) return undefined;
    throw error;
  }
}

/** A request that reached the socket of a shim in the moment of its end. */
function hasHungUp(error: unknown): boolean {
  return isAppError(error) && error.details.errnoName === 'ECONNRESET';
}

/**
 * Stops a container; one that does not run is no error.
 * @param options `shutdown`: the machine stops, not its user: the next boot starts what its restart policy wants.
 */
export async function stopContainer(
  context: EngineContext,
  idOrName: string,
  options: { t?: number; signal?: string; shutdown?: boolean } = {},
): Promise<void> {
  const { record, state } = observeContainer(context, idOrName);
  if (!isRunning(state)) return;
  await askShim(context, record.id, {
    op: 'stop',
    ...stopFields(options),
    ...(options.shutdown ? { shutdown: true } : {}),
  });
}

/** Restarts a container; one that does not run is started. */
export async function restartContainer(
  context: EngineContext,
  idOrName: string,
  options: { t?: number; signal?: string } = {},
): Promise<void> {
  const { record, state } = observeContainer(context, idOrName);
  const restarted =
    isRunning(state) &&
    (await askShim(context, record.id, { op: 'restart', ...stopFields(options) }));
  if (!restarted) {
    const { startContainer } = await import('./start-container.ts');
    await startContainer(context, record.id);
    emitContainer(context, 'restart', record);
  }
}

/**
 * Sends a signal, SIGKILL when none is named, and waits for the end after SIGKILL.
 * @throws {AppError} `ENGINE_CONTAINER_NOT_RUNNING`, `ENGINE_SIGNAL_INVALID`
 */
export async function killContainer(
  context: EngineContext,
  idOrName: string,
  options: { signal?: string } = {},
): Promise<void> {
  const { record, state } = observeContainer(context, idOrName);
  const signal = signalName(options.signal || 'SIGKILL');
  if (!isRunning(state)) throw notRunning(record, `cannot kill container: ${idOrName}: `);
  // As in Docker: whoever sends the signal that ends it does not want it started again.
  const final =
    signal === 'SIGKILL' || signal === signalName(record.config.StopSignal ?? 'SIGTERM');
  const sent = await askShim(context, record.id, {
    op: 'signal',
    signal,
    ...(final ? { final } : {}),
  });
  // The end that SIGKILL brings may be faster than its answer; any other signal came too late.
  if (sent === undefined && signal !== 'SIGKILL') {
    throw notRunning(record, `cannot kill container: ${idOrName}: `);
  }
  if (signal === 'SIGKILL') await askShim(context, record.id, { op: 'wait', condition: 'exit' });
}

/** @throws {AppError} `ENGINE_CONTAINER_NOT_RUNNING`, `ENGINE_CONTAINER_PAUSED` */
export async function pauseContainer(context: EngineContext, idOrName: string): Promise<void> {
  const { record, state } = observeContainer(context, idOrName);
  if (state.status === 'paused') {
    throw new AppError('ENGINE_CONTAINER_PAUSED', `container ${record.name} is already paused`);
  }
  const paused = state.status === 'running' && (await askShim(context, record.id, { op: 'pause' }));
  if (!paused) throw notRunning(record);
}

/** @throws {AppError} `ENGINE_CONTAINER_NOT_PAUSED` */
export async function unpauseContainer(context: EngineContext, idOrName: string): Promise<void> {
  const { record, state } = observeContainer(context, idOrName);
  if (state.status !== 'paused') {
    throw new AppError('ENGINE_CONTAINER_NOT_PAUSED', `container ${record.name} is not paused`);
  }
  if ((await askShim(context, record.id, { op: 'resume' })) === undefined) throw notRunning(record);
}

/** The error of an operation that needs a process. */
export function notRunning(record: ContainerRecord, before = ''): AppError {
  return new AppError(
    'ENGINE_CONTAINER_NOT_RUNNING',
    `${before}container ${record.name} (${record.id.slice(0, 12)}) is not running`,
  );
}

/** Seconds of Docker's API as milliseconds of the shim's; -1 waits for ever, in both. */
function stopFields({ t, signal }: { t?: number; signal?: string }): {
  signal?: string;
  timeoutMs?: number;
} {
  return {
    ...(signal ? { signal: signalName(signal) } : {}),
    ...(t === undefined ? {} : { timeoutMs: t < 0 ? -1 : Math.round(t * 1000) }),
  };
}
