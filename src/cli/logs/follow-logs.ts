import type { ObservedContainer } from '../../compose/plan/index.ts';
import type { ComposeEngine, LogEntry } from '../../engine/index.ts';
import { sharedAbort } from '../shared-abort.ts';
import type { SourcedEntries } from './merge-entries.ts';

/** What following depends on. */
export interface FollowOptions {
  readonly engine: ComposeEngine;
  /** The containers to follow, as they are at the moment of the call. */
  readonly list: () => Promise<ObservedContainer[]>;
  /** Calls back whenever containers may have changed, until the returned function is called. */
  readonly onChange: (callback: () => void) => () => void;
  /** True while another command of ours works on the project: then containers that are gone may come back. */
  readonly isProjectBusy: () => boolean;
  /** True while following goes on without a container: a watch may start one at any time. */
  readonly stays?: () => boolean;
  readonly monotonicMs: () => number;
  readonly tail?: number | 'all';
  readonly since?: string;
  readonly until?: string;
  readonly signal: AbortSignal;
  readonly onEntries: (from: SourcedEntries<ObservedContainer>) => void;
  readonly onFollow?: (container: ObservedContainer) => void;
  /** Called when a container has ended for good. */
  readonly onEnd?: (container: ObservedContainer, exitCode: number) => void;
  /**
   * Milliseconds since 1970: containers that ended since then, but before following began, are told to `onEnd` too. A
   * service that ends at once is faster than the first look.
   */
  readonly endsSinceMs?: number;
}

/** Lines of several containers that arrive this close to each other are put into time order before they are shown. */
const settleMs = 3;
/** How long changes of containers may come in a bunch. */
const bunchMs = 10;
/**
 * How long no container may run before following ends. A restart or recreation by a command of ours holds the
 * project's lock all the while, so this only bridges the moment between two looks.
 */
const graceMs = 100;

/**
 * Follows the containers of services, not one container each: a container that is started again goes on where it
 * stopped, and one that replaces another is followed from its first line. No line is shown twice and none is left
 * out. Resolves when no container is left, or at the signal.
 */
export async function followLogs(options: FollowOptions): Promise<void> {
  await new LogFollower(options).run();
}

class LogFollower {
  readonly #options: FollowOptions;
  readonly #lastTime = new Map<string, string>();
  readonly #active = new Map<string, Promise<void>>();
  readonly #aborted = sharedAbort();
  #buffer: SourcedEntries<ObservedContainer>[] = [];
  #flushTimer: NodeJS.Timeout | undefined;
  #first = true;
  #wake: () => void = () => undefined;
  #failure: unknown;

  constructor(options: FollowOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', () => this.#stop(), { once: true });
  }

  async run(): Promise<void> {
    const stopWatching = this.#options.onChange(() => this.#wake());
    let emptySinceMs: number | undefined;
    try {
      while (!this.#options.signal.aborted && this.#failure === undefined) {
        const change = new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        await this.#attachNew();
        if (this.#active.size > 0) {
          emptySinceMs = undefined;
          await change;
          // Changes come in bunches; and a log that has ended before its container is listed so is no reason to spin.
          await later(bunchMs, this.#options.signal);
          continue;
        }
        if (this.#options.stays?.()) {
          await change;
          continue;
        }
        const nowMs = this.#options.monotonicMs();
        emptySinceMs ??= nowMs;
        if (nowMs - emptySinceMs >= graceMs && !this.#options.isProjectBusy()) break;
        await Promise.race([change, later(graceMs / 10, this.#options.signal)]);
      }
    } finally {
      stopWatching();
      this.#aborted.abort();
      await Promise.all(this.#active.values());
      this.#flush();
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  #stop(): void {
    this.#aborted.abort();
    this.#wake();
  }

  async #attachNew(): Promise<void> {
    const containers = await this.#options.list();
    for (const container of containers) {
      const { id, state } = container;
      if (this.#active.has(id)) continue;
      const known = this.#lastTime.has(id);
      const runs = state === 'running' || state === 'restarting' || state === 'paused';
      // What had ended before is shown once, at the beginning; later only what runs (again) is taken up.
      if (!runs && (known || !this.#first)) continue;
      this.#options.onFollow?.(container);
      const reading = this.#read(container, known, runs).then(() => {
        this.#active.delete(id);
        this.#wake();
      });
      this.#active.set(id, reading);
    }
    this.#first = false;
  }

  async #read(container: ObservedContainer, again: boolean, runs: boolean): Promise<void> {
    const { engine, tail, since, until } = this.#options;
    const { id } = container;
    const from = again ? this.#lastTime.get(id) : since;
    const seen = from ?? '';
    this.#lastTime.set(id, seen);
    try {
      const batches = engine.logBatches(id, {
        follow: runs,
        signal: this.#aborted.signal,
        ...(again || tail === undefined ? {} : { tail }),
        ...(from === undefined || from === '' ? {} : { since: from }),
        ...(until === undefined ? {} : { until }),
      });
      for await (const batch of batches) {
        const entries = again ? batch.filter(({ time }) => time > seen) : batch;
        const last = entries.at(-1);
        if (last === undefined) continue;
        this.#lastTime.set(id, last.time);
        this.#take({ source: container, entries });
      }
      if (!this.#aborted.signal.aborted) await this.#ended(container, runs);
    } catch (error) {
      if (!this.#aborted.signal.aborted && !isGone(error)) this.#failure = error;
    }
  }

  async #ended(container: ObservedContainer, hasRun: boolean): Promise<void> {
    const { onEnd, endsSinceMs = Number.POSITIVE_INFINITY } = this.#options;
    if (onEnd === undefined) return;
    const { State } = await this.#options.engine.getContainer(container.id).inspect();
    if (!hasRun && !(Date.parse(State.FinishedAt) >= endsSinceMs)) return;
    this.#flush();
    onEnd(container, State.ExitCode);
  }

  #take(from: SourcedEntries<ObservedContainer>): void {
    this.#buffer.push(from);
    // Nobody else's line could come before.
    if (this.#active.size <= 1) this.#flush();
    else this.#flushTimer ??= setTimeout(() => this.#flush(), settleMs);
  }

  #flush(): void {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    const batches = this.#buffer;
    this.#buffer = [];
    for (const run of inTimeOrder(batches)) this.#options.onEntries(run);
  }
}

/** Entries of several sources in one order, as many at a time as one source has in a row. */
function inTimeOrder<Source>(batches: readonly SourcedEntries<Source>[]): SourcedEntries<Source>[] {
  const [first] = batches;
  if (batches.every(({ source }) => source === first?.source)) return [...batches];
  const all = batches
    .flatMap(({ source, entries }) => entries.map((entry) => ({ source, entry })))
    .sort((a, b) => (a.entry.time < b.entry.time ? -1 : a.entry.time > b.entry.time ? 1 : 0));
  const runs: { source: Source; entries: LogEntry[] }[] = [];
  for (const { source, entry } of all) {
    const run = runs.at(-1);
    if (run?.source === source) run.entries.push(entry);
    else runs.push({ source, entries: [entry] });
  }
  return runs;
}

/** A container that was removed while it was read has nothing more to say. */
function isGone(error: unknown): boolean {
  return (error as { statusCode?: unknown }).statusCode === 404;
}

function later(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
