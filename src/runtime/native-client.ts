import type { ChildProcess } from 'node:child_process';
import { AppError } from '../core/index.ts';
import { encodeFrame, FrameReader, maxFrame } from './frames.ts';
import { isNativeFailure, nativeError } from './native-error.ts';
import type { ControlRequest, NativeOps } from './native-ops.ts';
import { spawnChild } from './spawn-child.ts';

interface Pending {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One long-lived native child for all requests of this process, started at the first of them. Requests run
 * side by side and may be answered in any order. Shims that it started outlive it.
 *
 * The child does not keep the Node process alive while nothing is asked.
 */
export class NativeClient {
  readonly #binary: string;
  readonly #onRequest: ((op: string) => () => void) | undefined;
  readonly #pending = new Map<number, Pending>();
  #child: ChildProcess | undefined;
  #serial = 0;
  #input = new FrameReader();
  #errorText = '';

  /**
   * @param binary absolute path of coracle-runtime.
   * @param onRequest called with each request's name; what it returns is called at the answer.
   */
  constructor(binary: string, onRequest?: (op: string) => () => void) {
    this.#binary = binary;
    this.#onRequest = onRequest;
  }

  /**
   * Asks for one operation.
   * @throws {AppError} `NATIVE_…` as the native side failed; `NATIVE_CLIENT_DIED` where it is gone.
   */
  request<Op extends keyof NativeOps>(
    op: Op,
    fields: NativeOps[Op]['request'],
  ): Promise<NativeOps[Op]['answer']> {
    this.#serial += 1;
    const id = this.#serial;
    const body = Buffer.from(JSON.stringify({ id, op, ...fields }));
    if (body.length > maxFrame) {
      const message = `request ${op} of ${body.length} bytes is longer than a frame may be`;
      return Promise.reject(new AppError('NATIVE_FAILED', message));
    }
    const answered = this.#onRequest?.(op);
    const answer = new Promise<NativeOps[Op]['answer']>((resolve, reject) => {
      const child = this.#ensureChild();
      this.#pending.set(id, { resolve: resolve as (answer: unknown) => void, reject });
      if (this.#pending.size === 1) holdLoop(child, true);
      child.stdin?.write(encodeFrame(body));
    });
    return answered === undefined ? answer : answer.finally(answered);
  }

  /**
   * Asks the shim of one container.
   * @param run `<run>/containers/<id>`.
   * @throws {AppError} `NATIVE_NOT_RUNNING` where no shim lives.
   */
  control<Answer>(run: string, request: ControlRequest): Promise<Answer> {
    return this.request('container.control', { run, request }) as Promise<Answer>;
  }

  /** Ends the child once it has answered what is open; the next request starts a new one. */
  async close(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
    holdLoop(child, true);
    child.stdin?.end();
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #ensureChild(): ChildProcess {
    if (this.#child !== undefined) return this.#child;
    const child = spawnChild(this.#binary, ['client'], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {},
    });
    this.#child = child;
    this.#input = new FrameReader();
    this.#errorText = '';
    child.stdout.on('data', (chunk: Buffer) => this.#receive(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      this.#errorText = (this.#errorText + chunk.toString()).slice(-4096);
    });
    // EPIPE of a child that is gone: its 'close' tells every waiter.
    child.stdin.on('error', () => undefined);
    child.once('error', (error) => {
      const message = `cannot run ${this.#binary}: ${error.message}`;
      this.#lose(child, new AppError('NATIVE_BINARY_UNUSABLE', message, { cause: error }));
    });
    child.once('close', (status, signal) => {
      const how = signal === null ? `exited with status ${status}` : `was killed by ${signal}`;
      const said = this.#errorText.trim();
      const message = `the native client ${how}${said === '' ? '' : `: ${said}`}`;
      // One that ends by itself has said what the machine lacks.
      const hint = 'Run `coracle doctor`: it lists what is missing, and what to do.';
      this.#lose(
        child,
        new AppError('NATIVE_CLIENT_DIED', message, status === 1 && said !== '' ? { hint } : {}),
      );
    });
    holdLoop(child, false);
    return child;
  }

  #lose(child: ChildProcess, error: AppError): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const pending of waiting) pending.reject(error);
  }

  #receive(chunk: Buffer): void {
    for (const text of this.#input.take(chunk)) this.#answer(text);
  }

  #answer(text: string): void {
    const frame = JSON.parse(text) as { id: number; ok?: unknown; error?: unknown };
    const pending = this.#pending.get(frame.id);
    if (pending === undefined) return;
    this.#pending.delete(frame.id);
    if (this.#pending.size === 0 && this.#child !== undefined) holdLoop(this.#child, false);
    if (frame.error === undefined) pending.resolve(frame.ok);
    else if (isNativeFailure(frame.error)) pending.reject(nativeError(frame.error));
    else pending.reject(new AppError('NATIVE_FAILED', `unreadable answer: ${text.slice(0, 200)}`));
  }
}

/** Whether the child and its pipes keep Node's event loop alive. */
function holdLoop(child: ChildProcess, hold: boolean): void {
  const handles = [child, child.stdin, child.stdout, child.stderr] as unknown as {
    ref(): void;
    unref(): void;
  }[];
  for (const handle of handles) hold ? handle.ref() : handle.unref();
}
