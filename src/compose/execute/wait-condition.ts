import { AppError } from '../../core/index.ts';
import type { ComposeEngine } from '../../engine/index.ts';
import type { Action, Operation } from '../plan/index.ts';
import { lastLogLines } from './last-log-lines.ts';
import type { OperationOutcome } from './run-operation.ts';

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
  signal: AbortSignal | undefined,
): Promise<OperationOutcome> {
  const failure = await unlessAborted(
    action.condition === 'completed'
      ? waitCompleted(operation, action, engine)
      : waitHealthy(operation, action, engine, signal),
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
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const { name } = operation.resource;
  const { status, exitCode } = await engine.waitHealth(action.container, signal);
  if (status === 'healthy') return undefined;
  if (action.condition === 'ready') {
    // Without a healthcheck running is all that can be asked; a one-shot service that ended well has done its work.
    if (status === 'none') return undefined;
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
