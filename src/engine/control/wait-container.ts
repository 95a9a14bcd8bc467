import type { EngineContext } from '../engine-context.ts';
import { observeContainer } from '../observe/observed-containers.ts';
import { hasProcess, isRunning } from '../observe/running.ts';
import { askShim } from './control-container.ts';
import { followEvents } from './follow-events.ts';

export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

/**
 * Waits for a container's end. Nothing is polled: the shim answers at the exit, and where there is none to ask, the
 * events are followed.
 * @throws {AppError} `ENGINE_CONTAINER_NOT_FOUND`
 */
export async function waitContainer(
  context: EngineContext,
  idOrName: string,
  condition: WaitCondition = 'not-running',
): Promise<{ StatusCode: number }> {
  const { record, state } = observeContainer(context, idOrName);
  if (condition === 'not-running') {
    return { StatusCode: isRunning(state) ? await finalExit(context, record.id) : state.exitCode };
  }
  const abort = new AbortController();
  const events = followEvents(context.roots, { signal: abort.signal });
  try {
    return { StatusCode: await exitFromEvents(context, record.id, condition, events) };
  } finally {
    abort.abort();
    await events.return(undefined);
  }
}

async function finalExit(context: EngineContext, id: string): Promise<number> {
  const exit = await askShim<{ exitCode: number }>(context, id, { op: 'wait', condition: 'exit' });
  return exit?.exitCode ?? observeContainer(context, id).state.exitCode;
}

async function exitFromEvents(
  context: EngineContext,
  id: string,
  condition: 'next-exit' | 'removed',
  events: ReturnType<typeof followEvents>,
): Promise<number> {
  // Looked at only now that the events are open: an end in between is not missed.
  const { record, state } = observeContainer(context, id);
  let { exitCode } = state;
  if (condition === 'removed' && record.hostConfig.AutoRemove && state.status !== 'created') {
    if (isRunning(state)) exitCode = await finalExit(context, id);
    // Nobody else is awake to do it.
    const { removeContainer } = await import('./remove-container.ts');
    await removeContainer(context, id, { v: true });
    return exitCode;
  }
  if (condition === 'next-exit' && hasProcess(state)) {
    const exit = await askShim<{ exitCode: number }>(context, id, {
      op: 'wait',
      condition: 'next-exit',
    });
    if (exit !== undefined) return exit.exitCode;
  }
  for await (const { Type, Action, Actor } of events) {
    if (Type !== 'container' || Actor.ID !== id) continue;
    if (Action === 'die') exitCode = Number(Actor.Attributes.exitCode ?? exitCode);
    if (Action === 'destroy' || (condition === 'next-exit' && Action === 'die')) break;
  }
  return exitCode;
}
