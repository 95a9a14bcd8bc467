/** Changes that belong together. */
export interface ChangeSet {
  /** Absolute. */
  readonly paths: ReadonlySet<string>;
  /** When the first of them was told, on the clock that the collector was given. */
  readonly atMs: number;
}

/** How a collector is told of time; tests give their own. */
export interface Timers {
  monotonicMs(): number;
  /** Calls back once; the returned function calls it off. */
  after(ms: number, callback: () => void): () => void;
}

/**
 * How long nothing may happen before a change set is complete: a single save does not wait, a checkout of a thousand files
 * is one change set.
 *
 * | changes up to | quiet time in ms |
 */
const quietMs: readonly (readonly [changes: number, ms: number])[] = [
  [2, 6],
  [10, 15],
  [100, 50],
  [Number.POSITIVE_INFINITY, 150],
];

/** What never rests is passed on after this long. */
const longestMs = 2000;

/** Puts changes that follow each other closely into one set. */
export class ChangeCollector {
  readonly #timers: Timers;
  readonly #flush: (set: ChangeSet) => void;
  #paths = new Set<string>();
  #firstMs = 0;
  #callOff: () => void = () => undefined;

  constructor(timers: Timers, flush: (set: ChangeSet) => void) {
    this.#timers = timers;
    this.#flush = flush;
  }

  add(paths: Iterable<string>): void {
    const nowMs = this.#timers.monotonicMs();
    if (this.#paths.size === 0) this.#firstMs = nowMs;
    for (const path of paths) this.#paths.add(path);
    if (this.#paths.size === 0) return;
    this.#callOff();
    const size = this.#paths.size;
    const quiet = quietMs.find(([changes]) => size <= changes)?.[1] ?? 0;
    const left = this.#firstMs + longestMs - nowMs;
    this.#callOff = this.#timers.after(Math.max(0, Math.min(quiet, left)), () => this.#end());
  }

  close(): void {
    this.#callOff();
    this.#paths = new Set();
  }

  #end(): void {
    const paths = this.#paths;
    this.#paths = new Set();
    this.#flush({ paths, atMs: this.#firstMs });
  }
}
