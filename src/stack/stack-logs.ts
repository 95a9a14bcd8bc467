import {
  type CommandContext,
  followLogs,
  isProjectBusy,
  mergeEntries,
  selectContainers,
  watchContainers,
} from '../cli/index.ts';
import type { LogEntry, LogOptions } from '../engine/index.ts';
import type { StackLogLine, StackLogOptions } from './stack-options.ts';

/** Lines of a project's containers in the order in which they were written. */
export async function* stackLogs(
  context: CommandContext,
  project: string,
  options: StackLogOptions,
): AsyncGenerator<StackLogLine> {
  const { services = [], follow = false, tail = 'all', since, until } = options;
  const engine = await context.engine();
  const list = () => selectContainers(context, project, { services });
  const range: Pick<LogOptions, 'tail' | 'since' | 'until'> = {
    tail,
    ...(since === undefined ? {} : { since: since.toISOString() }),
    ...(until === undefined ? {} : { until: until.toISOString() }),
  };
  if (!follow) {
    const started = (await list()).filter(({ state }) => state !== 'created');
    const sources = started.map((source) => ({
      source,
      batches: engine.logBatches(source.id, range),
    }));
    for await (const { source, entries } of mergeEntries(sources)) yield* toLines(source, entries);
    return;
  }
  const lines: StackLogLine[] = [];
  const end = new AbortController();
  let wake: () => void = () => undefined;
  options.signal?.addEventListener('abort', () => end.abort(), { once: true });
  let ended = options.signal?.aborted ?? false;
  const following = followLogs({
    engine,
    list,
    onChange: (callback) => watchContainers(engine, project, callback),
    isProjectBusy: () => isProjectBusy(context.roots, project),
    monotonicMs: context.host.monotonicMs,
    ...range,
    signal: end.signal,
    onEntries: ({ source, entries }) => {
      lines.push(...toLines(source, entries));
      wake();
    },
  }).finally(() => {
    ended = true;
    wake();
  });
  try {
    for (;;) {
      yield* lines.splice(0);
      if (lines.length > 0) continue;
      if (ended) break;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    await following;
  } finally {
    end.abort();
    await following.catch(() => undefined);
  }
}

function* toLines(
  { service, name }: { readonly service: string; readonly name: string },
  entries: readonly LogEntry[],
): Generator<StackLogLine> {
  for (const { stream, time, line } of entries) {
    yield { service, container: name, stream, time, text: Buffer.from(line).toString() };
  }
}
