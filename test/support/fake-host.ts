import type { Host, OutputStream } from '../../src/cli/host.ts';

/** A stream that keeps what is written to it. */
export class FakeStream implements OutputStream {
  text = '';
  readonly isTTY: boolean;
  readonly columns: number;

  constructor(isTTY = false, columns = 80) {
    this.isTTY = isTTY;
    this.columns = columns;
  }

  write(text: string | Uint8Array): boolean {
    this.text += typeof text === 'string' ? text : Buffer.from(text).toString('utf8');
    return true;
  }
}

/** A process made of nothing: streams in memory, a clock that stands still, root. */
export class FakeHost implements Host {
  readonly env: Host['env'];
  readonly cwd: string;
  readonly stdout = new FakeStream();
  readonly stderr = new FakeStream();
  readonly stdinIsTTY = false;
  readonly packageFolder = '/nonexistent';
  uid = 0;
  readonly ownCommand = ['node', 'compose.cjs'];
  nowMs = 0;
  answer = '';
  readonly #signals = new Map<string, Set<() => void>>();

  constructor({ cwd, env = {} }: { cwd: string; env?: Host['env'] }) {
    this.cwd = cwd;
    this.env = env;
  }

  readonly now = () => this.nowMs;
  readonly monotonicMs = () => this.nowMs;

  /** Started when the clock was at 0; its first half went to Node. */
  processAge() {
    return { ageMs: this.nowMs, bootMs: this.nowMs / 2 };
  }

  exitSoon(): void {
    throw new Error('something is still under way');
  }

  terminalRows(): number {
    return 24;
  }

  async readStdin(): Promise<string> {
    return this.answer;
  }

  async askHidden(): Promise<string> {
    return this.answer;
  }

  async ask(): Promise<string> {
    return this.answer;
  }

  onSignal(signal: string, callback: () => void): () => void {
    const callbacks = this.#signals.get(signal) ?? new Set();
    callbacks.add(callback);
    this.#signals.set(signal, callbacks);
    return () => callbacks.delete(callback);
  }

  /** Delivers a signal to whoever listens. */
  raise(signal: string): void {
    for (const callback of this.#signals.get(signal) ?? []) callback();
  }
}
