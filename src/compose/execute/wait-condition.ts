import { AppError } from '../../core/index.ts';
import type { ComposeEngine } from '../../engine/index.ts';
import type { Action, Operation } from '../plan/index.ts';
import { lastLogLines } from './last-log-lines.ts';
import type { OperationOutcome, OperationSurroundings } from './run-operation.ts';

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
  surroundings: Pick<OperationSurroundings, 'sleep' | 'signal'>,
): Promise<OperationOutcome> {
  const { signal } = surroundings;
  const failure = await unlessAborted(
    action.condition === 'completed'
      ? waitCompleted(operation, action, engine)
      : waitHealthy(operation, action, engine, surroundings),
    operation,
    signal,
  );
  if (failure === undefined) {
    return { state: 'done', text: action.condition === 'completed' ? 'Exited' : 'Healthy' };
  }
  if (action.optional) {
    return { state: 'warning', text: `optional dependency "${action.service}" failed to start` };
  }
  throw new AppError('PROJECT_DEPENDENCY_FAILED', failure, {
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
      reject(new AppError('CLI_INTERRUPTED', `interrupted while waiting for ${resource.name}`));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    waiting.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

async function waitCompleted(
  operation: Operation,
  action: WaitAction,
  engine: ComposeEngine,
): Promise<string | undefined> {
  const { StatusCode } = await engine.getContainer(action.container).wait();
  if (StatusCode === 0) return undefined;
  return `service "${action.service}" didn't complete successfully: container ${operation.resource.name} exited (${StatusCode})`;
}

async function waitHealthy(
  operation: Operation,
  action: WaitAction,
  engine: ComposeEngine,
  { sleep, signal }: Pick<OperationSurroundings, 'sleep' | 'signal'>,
): Promise<string | undefined> {
  const { name } = operation.resource;
  const { status, exitCode } = await engine.waitHealth(action.container, signal);
  if (status === 'healthy') return undefined;
  if (action.condition === 'ready') {
    if (status === 'none') return waitSettled(operation, action, engine, sleep);
    // A one-shot service that ended well has done its work.
    if (status === 'exited' && exitCode === 0) return undefined;
    return status === 'exited'
      ? `container ${name} exited (${exitCode})`
      : `container ${name} is ${status}`;
  }
  if (status === 'none') {
    return `dependency failed to start: container ${name} has no healthcheck configured`;
  }
  return status === 'exited'
    ? `dependency failed to start: container ${name} exited (${exitCode})`
    : `dependency failed to start: container ${name} is ${status}`;
}

/** How long a container without a healthcheck has to run to count as running; restarts begin with 100 ms of back-off. */
const settleMs = 500;

/**
 * Without a healthcheck running is all that can be asked, but for longer than a server takes to find a mistake in its settings:
 * one that ends or is restarted in that time is not ready.
 */
async function waitSettled(
  { resource: { name } }: Operation,
  action: WaitAction,
  engine: ComposeEngine,
  sleep: OperationSurroundings['sleep'],
): Promise<string | undefined> {
  const container = engine.getContainer(action.container);
  const before = await container.inspect();
  await sleep(settleMs);
  const { State, RestartCount } = await container.inspect();
  if (State.Status === 'restarting' || RestartCount > before.RestartCount) {
    return `container ${name} keeps ending and is restarted, last with exit code ${State.ExitCode}`;
  }
  if (State.Status === 'exited' && State.ExitCode !== 0) {
    return `container ${name} exited (${State.ExitCode})`;
  }
  return undefined;
}
