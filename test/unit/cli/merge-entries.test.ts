import { expect } from 'chai';
import fc from 'fast-check';
import { mergeEntries } from '../../../src/cli/logs/index.ts';
import type { LogEntry } from '../../../src/engine/index.ts';

/** Entries at these times, in batches of this size. */
async function* batches(times: readonly string[], size: number): AsyncGenerator<LogEntry[]> {
  for (let at = 0; at < times.length; at += size) {
    yield times.slice(at, at + size).map((time, index) => ({
      stream: 'stdout',
      time,
      line: Buffer.from(`${at + index}`),
      partial: false,
    }));
  }
}

describe('merged logs', () => {
  it('have every entry once, in time order, those of one source in theirs', async () => {
    const log = fc.record({
      times: fc.array(fc.integer({ min: 10, max: 30 })),
      size: fc.integer({ min: 1, max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(log, { maxLength: 4 }), async (logs) => {
        const sorted = logs.map(({ times }) => times.map(String).sort());
        const sources = sorted.map((times, index) => ({
          source: index,
          batches: batches(times, logs[index]?.size ?? 1),
        }));
        const all: string[] = [];
        const seen = sorted.map(() => 0);
        for await (const { source, entries } of mergeEntries(sources)) {
          expect(entries).not.to.have.lengthOf(0);
          for (const { time, line } of entries) {
            all.push(time);
            expect(Buffer.from(line).toString()).to.equal(`${seen[source]}`);
            seen[source] = (seen[source] ?? 0) + 1;
          }
        }
        expect(all).to.deep.equal(sorted.flat().sort());
      }),
    );
  });
});
