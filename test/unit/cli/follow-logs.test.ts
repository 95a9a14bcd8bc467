import { expect } from 'chai';
import { followLogs } from '../../../src/cli/logs/index.ts';
import type { ObservedContainer } from '../../../src/compose/plan/index.ts';
import type { ComposeEngine, LogEntry, LogOptions } from '../../../src/engine/index.ts';

/** One log that grows by hand and ends when it is told to. */
class Log {
  readonly #entries: LogEntry[] = [];
  #open = true;
  #wake: () => void = () => undefined;

  write(time: number, line: string): void {
    this.#entries.push({
      stream: 'stdout',
      time: `2026-01-01T00:00:${String(time).padStart(2, '0')}.000000000Z`,
      line: Buffer.from(line),
      partial: false,
    });
    this.#wake();
  }

  end(): void {
    this.#open = false;
    this.#wake();
  }

  reopen(): void {
    this.#open = true;
  }

  async *read({ since = '', follow = false, signal }: LogOptions): AsyncGenerator<LogEntry> {
    signal?.addEventListener('abort', () => this.#wake());
    for (let index = 0; !signal?.aborted; ) {
      const entry = this.#entries[index];
      if (entry !== undefined) {
        index += 1;
        if (entry.time >= since) yield entry;
      } else if (follow && this.#open) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      } else return;
    }
  }
}

describe('following logs', () => {
  const logs = new Map<string, Log>();
  const states = new Map<string, ObservedContainer['state']>();
  let changed: () => void;
  let shown: string[];
  let end: AbortController;
  let busy: boolean;

  beforeEach(() => {
    logs.clear();
    states.clear();
    shown = [];
    busy = false;
    end = new AbortController();
    changed = () => undefined;
  });

  function add(id: string): Log {
    const log = new Log();
    logs.set(id, log);
    states.set(id, 'running');
    return log;
  }

  function follow(): Promise<void> {
    const engine = {
      async *logBatches(id: string, options: LogOptions) {
        for await (const entry of (logs.get(id) ?? new Log()).read(options)) yield [entry];
      },
      getContainer: () => ({ inspect: async () => ({ State: { ExitCode: 0 } }) }),
    } as unknown as ComposeEngine;
    return followLogs({
      engine,
      list: async () =>
        [...states].map(([id, state]) => ({ id, name: id, state }) as unknown as ObservedContainer),
      onChange: (callback) => {
        changed = callback;
        return () => undefined;
      },
      isProjectBusy: () => busy,
      monotonicMs: () => performance.now(),
      signal: end.signal,
      onEntries: ({ entries }) =>
        shown.push(...entries.map(({ line }) => Buffer.from(line).toString())),
    });
  }

  async function until(lines: readonly string[]): Promise<void> {
    for (let tries = 0; tries < 200 && shown.length < lines.length; tries += 1) {
      await new Promise((resolve) => {
        setTimeout(resolve, 5);
      });
    }
    expect(shown).to.deep.equal(lines);
  }

  it('puts lines of several containers into time order', async () => {
    const [a, b] = [add('a'), add('b')];
    a.write(1, 'one');
    a.write(3, 'three');
    b.write(2, 'two');
    const done = follow();
    await until(['one', 'two', 'three']);
    end.abort();
    await done;
  });

  it('goes on after a restart, no line twice and none left out', async () => {
    const log = add('a');
    log.write(1, 'before');
    const done = follow();
    await until(['before']);
    busy = true;
    states.set('a', 'exited');
    log.end();
    changed();
    log.reopen();
    log.write(2, 'after');
    states.set('a', 'running');
    changed();
    await until(['before', 'after']);
    end.abort();
    await done;
  });

  it('follows the container that replaces another one from its first line', async () => {
    const old = add('old');
    old.write(1, 'old');
    const done = follow();
    await until(['old']);
    busy = true;
    old.end();
    states.delete('old');
    changed();
    add('new').write(2, 'new');
    changed();
    await until(['old', 'new']);
    end.abort();
    await done;
  });

  it('ends when the last container has ended and nobody works on the project', async () => {
    const log = add('a');
    log.write(1, 'bye');
    log.end();
    const done = follow();
    await until(['bye']);
    states.set('a', 'exited');
    changed();
    await done;
  });
});
