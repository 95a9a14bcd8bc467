import type { ComposeEngine, ContainerInspectInfo } from '../../../engine/index.ts';
import type { OperationSurroundings } from '../run-operation.ts';
import { PortProbe } from './port-readiness.ts';

/** What a wait came to. */
export type WaitOutcome =
  | { readonly state: 'done'; readonly text: string }
  | { readonly state: 'warning'; readonly text: string }
  | { readonly state: 'failed'; readonly reason: string };

/** A process that is to count as up has run for so long: longer than a server takes to find a mistake in its settings. */
const stableMs = 500;
/** When some ports listen, how long the others are waited for. */
const partlyMs = 3_000;
/** How long a process that runs and listens nowhere is waited for. */
const deafMs = 30_000;
const firstPollMs = 20;
const longestPollMs = 100;

/**
 * Waits until a container without a healthcheck is ready: it runs for a moment without ending, and the TCP ports that it is
 * expected to serve listen. One that ends with code 0 has done its work.
 */
export async function waitReady(
  engine: ComposeEngine,
  id: string,
  name: string,
  surroundings: Pick<OperationSurroundings, 'sleep' | 'signal' | 'waits' | 'now' | 'monotonicMs'>,
): Promise<WaitOutcome> {
  const { sleep, signal, waits, now, monotonicMs } = surroundings;
  let info = await engine.getContainer(id).inspect();
  const probe = new PortProbe(info);
  let restarts = info.RestartCount;
  let pollMs = firstPollMs;
  let partlySince: number | undefined;
  let runsSince = monotonicMs();
  let startedAt = info.State.StartedAt;
  for (;;) {
    const ended = endOf(info, name);
    if (ended !== undefined) return ended;
    const added = Math.max(0, info.RestartCount - restarts);
    restarts = info.RestartCount;
    if (info.State.Status !== 'running' || info.State.StartedAt !== startedAt) {
      runsSince = monotonicMs();
      startedAt = info.State.StartedAt;
    }
    if (waits.isCrashLoop(id, added)) return crashLoop(info, name);
    if (
      info.State.Status === 'running' &&
      ageMs(info, now(), monotonicMs() - runsSince) >= stableMs
    ) {
      const listening = probe.isNeeded ? await engine.listening(id) : undefined;
      if (listening === undefined) return { state: 'done', text: 'Healthy' };
      const readiness = await probe.look(listening);
      if (readiness.state === 'ready') return { state: 'done', text: 'Healthy' };
      if (readiness.state === 'partly') partlySince ??= monotonicMs();
      const waited = monotonicMs() - (partlySince ?? runsSince);
      if (waited >= (partlySince === undefined ? deafMs : partlyMs)) {
        const text = `runs, but does not listen on ${readiness.missing.join(', ')}`;
        return { state: 'warning', text };
      }
    }
    await sleep(pollMs);
    if (signal?.aborted) return { state: 'failed', reason: `container ${name} is not ready` };
    pollMs = Math.min(longestPollMs, pollMs + firstPollMs);
    info = await engine.getContainer(id).inspect();
  }
}

/** Why a container that keeps ending will not become ready. */
export function crashLoop(
  { State, RestartCount }: ContainerInspectInfo,
  name: string,
): WaitOutcome {
  return {
    state: 'failed',
    reason: `container ${name} keeps ending and is started again (${RestartCount} times), last with exit code ${State.ExitCode}`,
  };
}

function endOf({ State }: ContainerInspectInfo, name: string): WaitOutcome | undefined {
  switch (State.Status) {
    case 'running':
    case 'restarting':
      return undefined;
    case 'exited':
      return State.ExitCode === 0
        ? { state: 'done', text: 'Exited' }
        : { state: 'failed', reason: `container ${name} exited (${State.ExitCode})` };
    default:
      return { state: 'failed', reason: `container ${name} is ${State.Status}` };
  }
}

/** Since its start, by the engine's clock or by ours, whichever has it older: an engine elsewhere has another clock. */
function ageMs({ State }: ContainerInspectInfo, nowMs: number, observedMs: number): number {
  const startedMs = Date.parse(State.StartedAt);
  return Number.isNaN(startedMs) ? observedMs : Math.max(nowMs - startedMs, observedMs);
}
