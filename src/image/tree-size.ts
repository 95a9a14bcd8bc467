import { lstat, readdir } from 'node:fs/promises';
import { isErrno } from '../state/index.ts';
import { bytePath } from './byte-path.ts';

/**
 * Bytes that the files below a folder take; links are not followed, hard links counted once. What is not there, or goes
 * while it is looked at, takes none.
 */
export async function treeSize(folder: string): Promise<number> {
  const seen = new Set<string>();
  const sizeOf = async (path: string | Buffer): Promise<number> => {
    try {
      const stat = await lstat(path);
      if (stat.isDirectory()) {
        const names = await readdir(path, { encoding: 'buffer' });
        let bytes = 0;
        for (const name of names) bytes += await sizeOf(bytePath(path, name));
        return bytes;
      }
      const inode = `${stat.dev}:${stat.ino}`;
      if (stat.nlink > 1 && seen.has(inode)) return 0;
      seen.add(inode);
      return stat.blocks * 512;
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return 0;
      throw error;
    }
  };
  return sizeOf(folder);
}
