import type { HealthStatus } from '../api.ts';
import type { EngineContext } from '../engine-context.ts';
import { observeContainer } from '../observe/observed-containers.ts';
import { isRunning } from '../observe/running.ts';
import { askShim } from './control-container.ts';

/** What a container's health came to. */
export interface HealthOutcome {
  readonly status: HealthStatus | 'exited';
  readonly exitCode?: number;
}

/**
 * Resolves at `healthy`, `unhealthy` or the container's end, whichever comes first; at once with `none` where it has no healthcheck.
 * The shim answers: nothing is polled.
 */
export async function waitHealth(
  context: EngineContext,
  idOrName: string,
  signal?: AbortSignal,
): Promise<HealthOutcome> {
  signal?.throwIfAborted();
  const { record, state } = observeContainer(context, idOrName);
  if (!isRunning(state)) return { status: 'exited', exitCode: state.exitCode };
  if (state.health === null) return { status: 'none' };
  if (state.health.status !== 'starting') return { status: state.health.status };
  const answer = askShim<HealthOutcome>(context, record.id, { op: 'wait', condition: 'health' });
  const outcome = await (signal === undefined ? answer : abortable(answer, signal));
  if (outcome !== undefined) return outcome;
  const { exitCode } = observeContainer(context, record.id).state;
  return { status: 'exited', exitCode };
}

/** The shim goes on waiting, for nobody: its answer is dropped. */
function abortable<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
