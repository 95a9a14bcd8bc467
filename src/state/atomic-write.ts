import { closeSync, fsyncSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

let serial = 0;

/**
 * Replaces `path` in one step: a reader sees the old content or the new, never a part, also after a power
 * loss. The temporary file stands in the same folder, so that the rename stays within one file system.
 * @param mode permission bits of a new file.
 */
export function writeFileAtomic(path: string, content: string | Uint8Array, mode = 0o600): void {
  serial += 1;
  const temporary = `${path}.${process.pid}.${serial}.tmp`;
  const fd = openSync(temporary, 'wx', mode);
  try {
    try {
      writeFully(fd, typeof content === 'string' ? Buffer.from(content) : content);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    unlinkSync(temporary);
    // A write that fails does not tell which file it was.
    if (error instanceof Error) Object.assign(error, { path });
    throw error;
  }
  syncFolder(dirname(path));
}

/** Makes the folder's entries (new names, renames) survive a power loss. */
export function syncFolder(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function writeFully(fd: number, bytes: Uint8Array): void {
  let offset = 0;
  while (offset < bytes.length) offset += writeSync(fd, bytes, offset);
}
