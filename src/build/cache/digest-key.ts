import { createHash } from 'node:crypto';

/** Part of every key: to be raised when the same inputs give another result. */
const recipe = 2;

/** A cache key: the digest of everything that a step's result depends on. 64 hex digits. */
export function digestKey(...inputs: readonly unknown[]): string {
  return createHash('sha256')
    .update(JSON.stringify([recipe, ...inputs]))
    .digest('hex');
}
