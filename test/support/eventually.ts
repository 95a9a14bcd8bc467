import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Tries `check` until it no longer throws, and returns what it returned.
 * @param timeoutMs how long; after it the last failure is thrown.
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  timeoutMs = 10_000,
  everyMs = 50,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(everyMs);
    }
  }
}
