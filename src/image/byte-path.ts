/** Names of files are bytes: an image may hold some that are no UTF-8, and that would be lost as text. */
import { readdirSync } from 'node:fs';

const slash = Buffer.from('/');

/** The path of an entry of a folder. */
export function bytePath(folder: string | Buffer, name: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from(folder), slash, Buffer.from(name)]);
}

/** The names in a folder, as bytes. */
export function byteNames(folder: string | Buffer): Buffer[] {
  return readdirSync(folder, { encoding: 'buffer' });
}
