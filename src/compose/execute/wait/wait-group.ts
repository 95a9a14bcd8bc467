/** Restarts in a row that make a crash loop: the third one shows that the second was no accident. */
const loopRestarts = 3;

interface Waiter {
  /** Restarts since it, or anything else, last became ready. */
  restarts: number;
}

/**
 * The waits of one plan run that are under way. A service may end and be started again until what it needs is up; only
 * when all that is still waited for does nothing but that, it is a crash loop.
 */
export class WaitGroup {
  readonly #waiters = new Map<string, Waiter>();

  enter(container: string): void {
    this.#waiters.set(container, { restarts: 0 });
  }

  /** The container is ready or has failed: the others get another chance. */
  leave(container: string): void {
    this.#waiters.delete(container);
    for (const waiter of this.#waiters.values()) waiter.restarts = 0;
  }

  /** Notes restarts. @returns true where nothing that is waited for will come up by waiting. */
  isCrashLoop(container: string, restarts: number): boolean {
    const waiter = this.#waiters.get(container);
    if (waiter === undefined) return false;
    waiter.restarts += restarts;
    return [...this.#waiters.values()].every((other) => other.restarts >= loopRestarts);
  }
}
