import { type EventEmitter, once } from 'node:events';
import type { Watch, WatchEvent, WatchEventOf, WatchedRule } from '../watch/index.ts';

/** Event name → what its listeners are given. `any` is each event, whatever its type. */
export type StackEvents = {
  readonly [Type in WatchEvent['type']]: WatchEventOf<Type>;
} & { readonly any: WatchEvent };

/**
 * A watch under way: from a save on the host to the running container, until it is closed.
 *
 * ```ts
 * await using watch = await stack.watch();
 * watch.on('synced', ({ files, ms }) => console.log(files, ms));
 * const { ms } = await watch.next('restarted');
 * ```
 */
export class StackWatch implements AsyncDisposable {
  readonly #emitter: EventEmitter;
  readonly #watch: Watch;

  /** @internal */
  constructor(watch: Watch, emitter: EventEmitter) {
    this.#watch = watch;
    this.#emitter = emitter;
  }

  /** The rules that are followed; a rule that is wrong is told of by a `failed` event and left out. */
  get rules(): readonly WatchedRule[] {
    return this.#watch.rules;
  }

  /** Calls back at each event of a type, or at `any`. */
  on<Type extends keyof StackEvents>(
    type: Type,
    listener: (event: StackEvents[Type]) => void,
  ): this {
    this.#emitter.on(type, listener);
    return this;
  }

  off<Type extends keyof StackEvents>(
    type: Type,
    listener: (event: StackEvents[Type]) => void,
  ): this {
    this.#emitter.off(type, listener);
    return this;
  }

  /** The next event of a type. @throws the signal's reason. */
  async next<Type extends keyof StackEvents>(
    type: Type,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<StackEvents[Type]> {
    const [event] = await once(this.#emitter, type, signal === undefined ? {} : { signal });
    return event as StackEvents[Type];
  }

  /** Ends the watch; what it has begun is finished first. Containers go on. */
  async close(): Promise<void> {
    await this.#watch.close();
    this.#emitter.removeAllListeners();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
