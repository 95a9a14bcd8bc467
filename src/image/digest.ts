import { createHash } from 'node:crypto';

/** `sha256:` and 64 lower-case hex digits. */
export type Digest = string & { readonly __digest: unique symbol };

const sha256Digest = /^sha256:[0-9a-f]{64}$/;

/** True for a digest that can be checked and turned into a file name. */
export function isDigest(text: string): text is Digest {
  return sha256Digest.test(text);
}

/** The digest of bytes in memory. */
export function digestOf(bytes: string | Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
}

/** The hex digits, which name the blob's file. */
export function digestHex(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
