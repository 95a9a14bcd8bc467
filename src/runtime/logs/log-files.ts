import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { isErrno } from '../../state/index.ts';

/** An open piece of a log's series `log.2`, `log.1`, `log`. Closed by whoever holds it. */
export interface LogFile {
  readonly fd: number;
  readonly inode: bigint;
}

/** The piece of age `age` (0: the one that is being written), or undefined where there is none. */
export function openLogFile(path: string, age: number): LogFile | undefined {
  try {
    const fd = openSync(age === 0 ? path : `${path}.${age}`, 'r');
    return { fd, inode: fstatSync(fd, { bigint: true }).ino };
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/**
 * All pieces, oldest first. The newest is opened first: a rotation in between then shows as one piece found
 * twice, and nothing is missed.
 */
export function openLogFiles(path: string): LogFile[] {
  const files: LogFile[] = [];
  for (let age = 0; ; age++) {
    const file = openLogFile(path, age);
    if (file === undefined) {
      // Right after a rotation's rename there is no newest piece for a moment.
      if (age === 0 && hasAge(path, 1)) continue;
      return files.reverse();
    }
    if (files.some(({ inode }) => inode === file.inode)) closeSync(file.fd);
    else files.push(file);
  }
}

/**
 * The piece that follows `file` in time: undefined while `file` is the newest one. Where `file` was rotated out
 * of the series meanwhile, the oldest that is left.
 */
export function openSuccessor(path: string, file: LogFile): LogFile | undefined {
  const age = ageOf(path, file.inode);
  if (age === 0) return undefined;
  if (age > 0) return openLogFile(path, age - 1);
  const [oldest, ...others] = openLogFiles(path);
  for (const other of others) closeSync(other.fd);
  return oldest;
}

function ageOf(path: string, inode: bigint): number {
  for (let age = 0; age === 0 || hasAge(path, age); age++) {
    const stats = statSync(age === 0 ? path : `${path}.${age}`, {
      bigint: true,
      throwIfNoEntry: false,
    });
    if (stats?.ino === inode) return age;
  }
  return -1;
}

function hasAge(path: string, age: number): boolean {
  return statSync(`${path}.${age}`, { throwIfNoEntry: false }) !== undefined;
}

/** Reads at `position`; fewer bytes than asked for at the end of the file. */
export function readAt(file: LogFile, buffer: Buffer, position: number): number {
  return readSync(file.fd, buffer, 0, buffer.length, position);
}

/** Present length in bytes. */
export function logFileSize(file: LogFile): number {
  return fstatSync(file.fd).size;
}
