import type Dockerode from 'dockerode';
import type { EngineEvent } from '../../state/index.ts';
import type { EventOptions } from '../api.ts';
import { answered } from './refusal.ts';

/** Docker's events, as they come. */
export async function* dockerEvents(
  docker: Dockerode,
  { filters, past = false, follow = true, signal }: EventOptions = {},
): AsyncGenerator<EngineEvent> {
  const until = follow ? undefined : (await answered(docker.info())).SystemTime;
  const stream = await answered(
    docker.getEvents({
      ...(filters === undefined ? {} : { filters }),
      ...(past ? { since: 0 } : {}),
      ...(until === undefined ? {} : { until: Math.ceil(Date.parse(String(until)) / 1000) }),
      ...(signal === undefined ? {} : { abortSignal: signal }),
    }),
  );
  let rest = '';
  try {
    for await (const bytes of stream) {
      const lines = `${rest}${bytes}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') yield JSON.parse(line) as EngineEvent;
    }
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}
