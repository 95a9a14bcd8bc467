/** One line of the progress: a step, or loading what steps need. */
export interface Vertex {
  /** From 1, in the order in which they came up. */
  readonly id: number;
  /** `[builder 2/5] RUN npm ci`, `[internal] load build definition from Dockerfile`. */
  readonly name: string;
}

/** What happened to a vertex. `atMs` counts from the start of the build. */
export type BuildEvent = { readonly vertex: Vertex; readonly atMs: number } & (
  | { readonly kind: 'started' | 'cached' | 'done' | 'canceled' }
  | { readonly kind: 'failed'; readonly error: string }
  /** Part of the output, whole lines or not. */
  | { readonly kind: 'output'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
);

export type ProgressSink = (event: BuildEvent) => void;

/** Numbers vertices and tells of them. */
export class Progress {
  readonly #sink: ProgressSink;
  readonly #monotonicMs: () => number;
  readonly #startMs: number;
  #count = 0;

  constructor(sink: ProgressSink, monotonicMs: () => number) {
    this.#sink = sink;
    this.#monotonicMs = monotonicMs;
    this.#startMs = monotonicMs();
  }

  /** Does `work` as one vertex; `cached` makes it one that cost nothing. */
  async run<T>(name: string, work: (reporter: VertexReporter) => Promise<T>): Promise<T> {
    const reporter = this.open(name);
    try {
      const result = await work(reporter);
      reporter.end(reporter.isCached ? 'cached' : 'done');
      return result;
    } catch (error) {
      reporter.fail(error);
      throw error;
    }
  }

  open(name: string): VertexReporter {
    this.#count += 1;
    return new VertexReporter({ id: this.#count, name }, (event) =>
      this.#sink({ ...event, atMs: this.#monotonicMs() - this.#startMs }),
    );
  }
}

type Untimed<T> = T extends unknown ? Omit<T, 'atMs'> : never;

/** Tells of one vertex. */
export class VertexReporter {
  /** To be set where the result was there already. */
  isCached = false;
  readonly #vertex: Vertex;
  readonly #emit: (event: Untimed<BuildEvent>) => void;
  readonly #output: string[] = [];
  #isStarted = false;

  constructor(vertex: Vertex, emit: (event: Untimed<BuildEvent>) => void) {
    this.#vertex = vertex;
    this.#emit = emit;
  }

  get name(): string {
    return this.#vertex.name;
  }

  /** Work begins; until then it may still turn out to be cached. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#emit({ vertex: this.#vertex, kind: 'started' });
  }

  output(stream: 'stdout' | 'stderr', text: string): void {
    this.start();
    this.#output.push(text);
    this.#emit({ vertex: this.#vertex, kind: 'output', stream, text });
  }

  /** All that it has put out so far. */
  log(): string {
    return this.#output.join('');
  }

  end(kind: 'cached' | 'done'): void {
    this.#emit({ vertex: this.#vertex, kind });
  }

  fail(error: unknown): void {
    const isAbort = error instanceof Error && error.name === 'AbortError';
    if (isAbort) this.#emit({ vertex: this.#vertex, kind: 'canceled' });
    else {
      const message = error instanceof Error ? error.message : String(error);
      this.#emit({ vertex: this.#vertex, kind: 'failed', error: message });
    }
  }
}
