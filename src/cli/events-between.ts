import type { EngineEvent, EventOptions } from '../engine/index.ts';
import type { CommandContext } from './context.ts';
import { parseLogTime } from './logs/index.ts';

/** Which events are wanted, in the notation of `--since` and `--until`. */
export interface EventSpan {
  readonly filters: NonNullable<EventOptions['filters']>;
  readonly since: string | undefined;
  readonly until: string | undefined;
}

/**
 * Hands over the events between two times as they come, until the later one has come or the user interrupts.
 * @returns the exit code: 130 after an interrupt.
 */
export async function eventsBetween(
  context: CommandContext,
  { filters, since, until }: EventSpan,
  take: (event: EngineEvent) => void,
): Promise<number> {
  const { host } = context;
  const toMs = (text: string, flag: string) => Date.parse(parseLogTime(text, host.now(), flag));
  const fromMs = since === undefined ? 0 : toMs(since, '--since');
  const untilMs = until === undefined ? Number.POSITIVE_INFINITY : toMs(until, '--until');
  const interrupted = new AbortController();
  const end = new AbortController();
  interrupted.signal.addEventListener('abort', () => end.abort());
  const offs = (['SIGINT', 'SIGTERM'] as const).map((signal) =>
    host.onSignal(signal, () => interrupted.abort()),
  );
  const leftMs = untilMs - host.now();
  // Of what lies in the past all is read; only what is still to come has to be cut off.
  const timer = leftMs > 0 && leftMs < 2 ** 31 ? setTimeout(() => end.abort(), leftMs) : undefined;
  try {
    const engine = await context.engine();
    const events = engine.events({
      filters,
      past: since !== undefined,
      follow: leftMs > 0,
      signal: end.signal,
    });
    for await (const event of events) {
      const ms = event.timeNano / 1e6;
      if (ms >= fromMs && ms < untilMs) take(event);
    }
  } finally {
    clearTimeout(timer);
    for (const off of offs) off();
  }
  return interrupted.signal.aborted ? 130 : 0;
}
