import type { ChildProcess } from 'node:child_process';
import { AppError } from '../core/index.ts';
import { encodeFrame, FrameReader } from './frames.ts';
import { nativeError } from './native-error.ts';
import type { NativeFailure } from './native-ops.ts';
import { spawnChild } from './spawn-child.ts';

/** What a {@link TreeWatch} tells; paths are absolute. */
export interface TreeWatchEvents {
  /** A folder is watched now; `folders` are the names of those in it, `entries` how many of any kind it has. */
  added(folder: string, folders: readonly string[], entries: number): void;
  /** A folder has appeared in a watched one; it is not watched unless it is added. */
  found(folder: string, name: string): void;
  /** Something was made, changed or removed there. */
  changed(paths: readonly string[]): void;
  /** A folder cannot be watched. The others still are. */
  failed(folder: string, error: AppError): void;
  /** The kernel had dropped events; what they were about has been found out and is told as usual. */
  overflow(): void;
  /** The native process is gone. */
  died(error: AppError): void;
}

type Frame =
  | { op: 'added'; added: { folder: string; folders: string[]; entries: number }[] }
  | { op: 'found'; folder: string; name: string }
  | { op: 'changed'; paths: string[] }
  | { op: 'failed'; folder: string; error: NativeFailure }
  | { op: 'overflow' };

/** As many as fit a frame, whatever their length. */
const foldersPerFrame = 200;

/** `coracle-runtime watch` (native/PROTOCOL.md): the kernel's watches on any number of folders. */
export class TreeWatch {
  readonly #child: ChildProcess;
  readonly #events: TreeWatchEvents;
  #closed = false;
  #errorText = '';

  /** @param binary absolute path of coracle-runtime. */
  constructor(binary: string, events: TreeWatchEvents) {
    this.#events = events;
    const child = spawnChild(binary, ['watch'], { stdio: ['pipe', 'pipe', 'pipe'], env: {} });
    this.#child = child;
    const reader = new FrameReader();
    child.stdout.on('data', (chunk: Buffer) => {
      for (const text of reader.take(chunk)) this.#take(JSON.parse(text) as Frame);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      this.#errorText = (this.#errorText + chunk.toString()).slice(-4096);
    });
    // EPIPE of a child that is gone: its 'close' says so.
    child.stdin.on('error', () => undefined);
    child.once('error', (error) => {
      this.#lose(
        new AppError('NATIVE_BINARY_UNUSABLE', `cannot run ${binary}: ${error.message}`, {
          cause: error,
        }),
      );
    });
    child.once('close', (status, signal) => {
      const how = signal === null ? `exited with status ${status}` : `was killed by ${signal}`;
      const said = this.#errorText.trim();
      this.#lose(
        new AppError(
          'NATIVE_CLIENT_DIED',
          `the native watcher ${how}${said === '' ? '' : `: ${said}`}`,
        ),
      );
    });
  }

  /**
   * Watches folders (not what is below them); each is answered by `added` or `failed`.
   * @param options `report`: what is in them is new, and told as changed. `only`: nothing but these names matters.
   */
  add(
    folders: readonly string[],
    options: { readonly report: boolean; readonly only?: readonly string[] },
  ): void {
    for (let at = 0; at < folders.length; at += foldersPerFrame) {
      const body = { op: 'add', folders: folders.slice(at, at + foldersPerFrame), ...options };
      this.#child.stdin?.write(encodeFrame(Buffer.from(JSON.stringify(body))));
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const gone = new Promise<void>((resolve) => this.#child.once('close', () => resolve()));
    this.#child.stdin?.end();
    await gone;
  }

  #lose(error: AppError): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#events.died(error);
  }

  #take(frame: Frame): void {
    if (this.#closed) return;
    switch (frame.op) {
      case 'added':
        for (const { folder, folders, entries } of frame.added) {
          this.#events.added(folder, folders, entries);
        }
        return;
      case 'found':
        this.#events.found(frame.folder, frame.name);
        return;
      case 'changed':
        this.#events.changed(frame.paths);
        return;
      case 'failed':
        this.#events.failed(frame.folder, nativeError(frame.error));
        return;
      case 'overflow':
        this.#events.overflow();
        return;
    }
  }
}
