import { readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { FileReader } from './load-result.ts';

/** Reads the real file system. */
export const systemFileReader: FileReader = {
  read(path) {
    return unlessMissing(() => readFileSync(path));
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
