import { closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { largestFile } from './files.ts';
import type { FileReader } from './load-result.ts';

/** Reads the real file system. */
export const systemFileReader: FileReader = {
  read(path) {
    return unlessMissing(() => readBeginning(path, largestFile + 1));
  },
  kind(path) {
    const stat = unlessMissing(() => statSync(path));
    if (stat === undefined) {
      return undefined;
    }
    return stat.isFile() ? 'file' : stat.isDirectory() ? 'folder' : 'other';
  },
  resolveLinks(path) {
    return unlessMissing(() => realpathSync(path)) ?? resolveParent(path);
  },
};

/** At most so many bytes: a device never ends, and nobody wants the rest of what is refused for its size. */
function readBeginning(path: string, most: number): Uint8Array {
  const file = openSync(path, 'r');
  try {
    let buffer = Buffer.allocUnsafe(64 * 1024);
    let size = 0;
    for (;;) {
      const got = readSync(file, buffer, size, Math.min(buffer.length, most) - size, null);
      size += got;
      if (got === 0) {
        return buffer.subarray(0, size);
      }
      if (size === buffer.length) {
        buffer = Buffer.concat([buffer], 4 * size);
      }
    }
  } finally {
    closeSync(file);
  }
}

/** The path's last part may not exist yet; its folder's links count all the same. */
function resolveParent(path: string): string {
  const folder = dirname(path);
  const resolved = folder === path ? path : (systemFileReader.resolveLinks?.(folder) ?? folder);
  return folder === path ? path : join(resolved, basename(path));
}

function unlessMissing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      return undefined;
    }
    throw error;
  }
}
