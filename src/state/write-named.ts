import { type WriteFileOptions, writeFileSync } from 'node:fs';

/** Node's `writeFileSync`, whose error does not tell which file could not be written; here it does. */
export function writeNamed(path: string, content: string, options: WriteFileOptions): void {
  try {
    writeFileSync(path, content, options);
  } catch (error) {
    if (error instanceof Error) Object.assign(error, { path });
    throw error;
  }
}
