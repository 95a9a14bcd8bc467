import { AppError } from '../../../core/index.ts';
import type { ComposeEngine } from '../../../engine/index.ts';
import type { Action, Operation } from '../../plan/index.ts';
import { lastLogLines } from '../last-log-lines.ts';
import type { OperationOutcome, OperationSurroundings } from '../run-operation.ts';
import { crashLoop, type WaitOutcome, waitReady } from './wait-ready.ts';

type WaitAction = Extract<Action, { kind: 'waitFor' }>;

/**
 * Waits until a container meets the condition of those that depend on it. A failure names the container and its state and
 * carries its last log lines in `details.logLines`; for an optional dependency it is a warning.
 * @throws {AppError} `PROJECT_DEPENDENCY_FAILED`
 */
export async function waitForCondition(
  operation: Operation,
  action: WaitAction,
  engine: ComposeEngine,
  surroundings: OperationSurroundings,
): Promise<OperationOutcome> {
  const { waits, signal } = surroundings;
  const isGrouped = action.condition === 'ready';
  if (isGrouped) waits.enter(action.container);
  let outcome: WaitOutcome;
  try {
    const waiting =
      action.condition === 'completed'
        ? waitCompleted(operation, action, engine)
        : waitHealthy(operation, action, engine, surroundings);
    outcome = await unlessAborted(waiting, operation, signal);
  } finally {
    if (isGrouped) waits.leave(action.container);
  }
  if (outcome.state !== 'failed') return outcome;
  if (action.optional) {
    return { state: 'warning', text: `optional dependency "${action.service}" failed to start` };
  }
  throw new AppError('PROJECT_DEPENDENCY_FAILED', outcome.reason, {
    details: {
      container: operation.resource.name,
      service: action.service,
      logLines: await lastLogLines(engine, action.container),
    },
  });
}

/** Gives up at the signal, whatever the engine still waits for. @throws {AppError} `CLI_INTERRUPTED` */
function unlessAborted<T>(
  waiting: Promise<T>,
  { resource }: Operation,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return waiting;
  return new Promise((resolve, reject) => {
    const abort = () =>
      reject(
        new AppError('CLI_INTERRUPTED', `interrupted while waiting for ${resource.name}`, {
          details: { container: resource.name },
        }),
      );
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    waiting.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

async function waitCompleted(
  operation: Operation,
  action: WaitAction,
  engine: ComposeEngine,
): Promise<WaitOutcome> {
  const { StatusCode } = await engine.getContainer(action.container).wait();
  if (StatusCode === 0) return { state: 'done', text: 'Exited' };
  const { name } = operation.resource;
  return {
    state: 'failed',
    reason: `service "${action.service}" didn't complete successfully: container ${name} exited (${StatusCode})`,
  };
}

async function waitHealthy(
  { resource: { name } }: Operation,
  { container, condition }: WaitAction,
  engine: ComposeEngine,
  surroundings: OperationSurroundings,
): Promise<WaitOutcome> {
  const { signal } = surroundings;
  const watched =
    condition === 'ready' ? watchRestarts(engine, container, name, surroundings) : undefined;
  const health = engine.waitHealth(container, signal);
  const first = await (watched === undefined ? health : Promise.race([health, watched.loop]));
  watched?.stop();
  if ('state' in first) return first;
  const { status, exitCode } = first;
  if (status === 'healthy') return { state: 'done', text: 'Healthy' };
  const state = status === 'exited' ? `exited (${exitCode})` : `is ${status}`;
  if (condition === 'ready') {
    if (status === 'none') return waitReady(engine, container, name, surroundings);
    // A one-shot service that ended well has done its work.
    if (status === 'exited' && exitCode === 0) return { state: 'done', text: 'Exited' };
    return { state: 'failed', reason: `container ${name} ${state}` };
  }
  const reason = status === 'none' ? 'has no healthcheck configured' : state;
  return { state: 'failed', reason: `dependency failed to start: container ${name} ${reason}` };
}

const lookMs = 250;

/** A container with a healthcheck that keeps ending would be waited for without end. */
function watchRestarts(
  engine: ComposeEngine,
  container: string,
  name: string,
  { sleep, waits }: OperationSurroundings,
): { readonly loop: Promise<WaitOutcome>; stop(): void } {
  const end = new AbortController();
  const look = async (): Promise<WaitOutcome> => {
    let restarts: number | undefined;
    for (;;) {
      const info = await engine.getContainer(container).inspect();
      const added = Math.max(0, info.RestartCount - (restarts ?? info.RestartCount));
      restarts = info.RestartCount;
      if (!end.signal.aborted && waits.isCrashLoop(container, added)) return crashLoop(info, name);
      await sleep(lookMs, end.signal);
      if (end.signal.aborted) return { state: 'done', text: 'Healthy' };
    }
  };
  return {
    loop: look().catch(() => new Promise<never>(() => undefined)),
    stop: () => end.abort(),
  };
}
