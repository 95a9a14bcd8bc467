import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/**
 * Waits for something to happen to a log or to a container's state. Events between two waits are kept.
 * Closed by {@link LogWake.close}.
 */
export class LogWake {
  readonly #watchers: FSWatcher[] = [];
  #happened = false;
  #resolve: (() => void) | undefined;

  constructor(logPath: string, runFolder: string | undefined, signal: AbortSignal | undefined) {
    const name = basename(logPath);
    this.#add(dirname(logPath), (changed) => changed?.startsWith(name) ?? true);
    if (runFolder !== undefined) this.#add(runFolder, () => true);
    signal?.addEventListener('abort', () => this.#wake(), { once: true });
  }

  /** Resolves at once where something happened since the last call. */
  async wait(): Promise<void> {
    if (!this.#happened) {
      await new Promise<void>((resolve) => {
        this.#resolve = resolve;
      });
    }
    this.#happened = false;
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#wake();
  }

  #add(folder: string, isOurs: (name: string | null) => boolean): void {
    try {
      const watcher = watch(folder, (_event, name) => {
        if (isOurs(name)) this.#wake();
      });
      // A folder that is removed ends its watch; what became of the container is for the reader to ask.
      watcher.on('error', () => this.#wake());
      this.#watchers.push(watcher);
    } catch {
      // ENOENT: the folder is gone, and the container with it. The reader sees that at its next look.
      this.#wake();
    }
  }

  #wake(): void {
    this.#happened = true;
    this.#resolve?.();
    this.#resolve = undefined;
  }
}
