import { randomFillSync } from 'node:crypto';

declare const containerIdBrand: unique symbol;

/** 64 lower-case hex digits. */
export type ContainerId = string & { readonly [containerIdBrand]: true };

const pool = Buffer.allocUnsafe(32 * 64);
let used = pool.length;

/**
 * A new random id. As in Docker, its first twelve digits are never all decimal, so that the short form, which becomes
 * the host name, is no number.
 */
export function newContainerId(): ContainerId {
  for (;;) {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    const id = pool.toString('hex', used, used + 32);
    used += 32;
    if (/[a-f]/.test(id.slice(0, 12))) return id as ContainerId;
  }
}

/** Narrows a full id; a prefix or a name is none. */
export function isContainerId(text: string): text is ContainerId {
  return /^[0-9a-f]{64}$/.test(text);
}

/** The first twelve digits, as shown in listings and used as host name. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}
