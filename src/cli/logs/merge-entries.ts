import type { LogEntry } from '../../engine/index.ts';

/** An entry with whom it is from. */
export interface SourcedEntry<Source> {
  readonly source: Source;
  readonly entry: LogEntry;
}

/** Merges finished logs in time order; entries of one source keep theirs. */
export async function* mergeEntries<Source>(
  sources: readonly { readonly source: Source; readonly entries: AsyncIterable<LogEntry> }[],
): AsyncGenerator<SourcedEntry<Source>> {
  const heads = await Promise.all(
    sources.map(async ({ source, entries }) => {
      const iterator = entries[Symbol.asyncIterator]();
      return { source, iterator, head: await iterator.next() };
    }),
  );
  for (;;) {
    let first: (typeof heads)[number] | undefined;
    for (const candidate of heads) {
      if (candidate.head.done) continue;
      if (first === undefined || candidate.head.value.time < first.head.value.time)
        first = candidate;
    }
    if (first === undefined) return;
    yield { source: first.source, entry: first.head.value };
    first.head = await first.iterator.next();
  }
}
