import type { LogEntry } from '../../engine/index.ts';

/** Entries in a row with whom they are from. */
export interface SourcedEntries<Source> {
  readonly source: Source;
  readonly entries: readonly LogEntry[];
}

interface Head<Source> {
  readonly source: Source;
  readonly iterator: AsyncIterator<readonly LogEntry[]>;
  batch: readonly LogEntry[];
  /** Of the next entry in the batch. */
  at: number;
  done: boolean;
}

/** Merges finished logs in time order; entries of one source keep theirs. As many at a time as one source has in a row. */
export async function* mergeEntries<Source>(
  sources: readonly {
    readonly source: Source;
    readonly batches: AsyncIterable<readonly LogEntry[]>;
  }[],
): AsyncGenerator<SourcedEntries<Source>> {
  let heads: Head<Source>[] = sources.map(({ source, batches }) => ({
    source,
    iterator: batches[Symbol.asyncIterator](),
    batch: [],
    at: 0,
    done: false,
  }));
  for (;;) {
    await Promise.all(heads.map(refill));
    heads = heads.filter(({ done }) => !done);
    const [first, ...others] = [...heads].sort((a, b) => compare(timeOf(a), timeOf(b)));
    if (first === undefined) return;
    const [second] = others;
    const { source, batch, at } = first;
    first.at = second === undefined ? batch.length : endOfRun(first, timeOf(second));
    yield {
      source,
      entries: at === 0 && first.at === batch.length ? batch : batch.slice(at, first.at),
    };
  }
}

async function refill<Source>(head: Head<Source>): Promise<void> {
  while (!head.done && head.at === head.batch.length) {
    const next = await head.iterator.next();
    head.done = next.done === true;
    head.batch = next.done ? [] : next.value;
    head.at = 0;
  }
}

/** Up to where a source's entries come before another's next one; at least one does. */
function endOfRun<Source>({ batch, at }: Head<Source>, before: string): number {
  let end = at + 1;
  for (let next = batch[end]; next !== undefined && next.time <= before; next = batch[end])
    end += 1;
  return end;
}

function timeOf<Source>({ batch, at }: Head<Source>): string {
  return batch[at]?.time ?? '';
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
