import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { isErrno } from '../../state/index.ts';
import { CompressedLog } from './compressed-log.ts';

/** An open piece of a log's series `log.3.gz`, `log.2.gz`, `log.1`, `log`. Closed by whoever holds it. */
export interface LogFile {
  readonly fd: number;
  /** Of the file itself: while it is open, no other gets it. */
  readonly inode: bigint;
  readonly compressed: CompressedLog | undefined;
}

/** The piece of age `age` (0: the one that is being written), or undefined where there is none. */
export function openLogFile(path: string, age: number): LogFile | undefined {
  const plain = plainPath(path, age);
  const fd = openOptional(plain);
  if (fd !== undefined)
    return { fd, inode: fstatSync(fd, { bigint: true }).ino, compressed: undefined };
  const packed = age === 0 ? undefined : openOptional(`${plain}.gz`);
  if (packed === undefined) return undefined;
  try {
    const { ino, size } = fstatSync(packed, { bigint: true });
    return {
      fd: packed,
      inode: ino,
      compressed: new CompressedLog(packed, Number(size), `${plain}.gz`),
    };
  } catch (error) {
    closeSync(packed);
    throw error;
  }
}

/**
 * All pieces, oldest first. The newest is opened first: a rotation in between then shows as one piece found
 * twice, and nothing is missed.
 */
export function openLogFiles(path: string): LogFile[] {
  const files: LogFile[] = [];
  let patience = 1000;
  for (let age = 0; ; age++) {
    const file = openLogFile(path, age);
    if (file === undefined) {
      // In the midst of a rotation one age has no piece for a moment.
      if (patience-- > 0 && hasAge(path, age + 1)) {
        if (age > 0) age -= 1;
        continue;
      }
      return files.reverse();
    }
    if (files.some((other) => isSamePiece(other, file))) closeSync(file.fd);
    else files.push(file);
  }
}

/**
 * The piece that follows `file` in time: undefined while `file` is the newest one. Where `file` was rotated out
 * of the series meanwhile, the oldest that is left.
 */
export function openSuccessor(path: string, file: LogFile): LogFile | undefined {
  const age = ageOf(path, file);
  if (age === 0) return undefined;
  if (age > 0) return openLogFile(path, age - 1);
  const [oldest, ...others] = openLogFiles(path);
  for (const other of others) closeSync(other.fd);
  return oldest;
}

/** Reads at `position`; fewer bytes than asked for at the end of the file. */
export function readAt(file: LogFile, buffer: Buffer, position: number): number {
  return file.compressed === undefined
    ? readSync(file.fd, buffer, 0, buffer.length, position)
    : file.compressed.readAt(buffer, position);
}

/** Present length in bytes, unpacked. */
export function logFileSize(file: LogFile): number {
  return file.compressed?.length ?? fstatSync(file.fd).size;
}

/** The same file, or one of them the other's compressed form, made in between. */
function isSamePiece(newer: LogFile, older: LogFile): boolean {
  return newer.inode === older.inode || older.compressed?.plainInode === newer.inode;
}

function ageOf(path: string, file: LogFile): number {
  for (let age = 0; age === 0 || hasAge(path, age); age++) {
    const plain = plainPath(path, age);
    const name = file.compressed === undefined ? plain : `${plain}.gz`;
    if (statSync(name, { bigint: true, throwIfNoEntry: false })?.ino === file.inode) return age;
  }
  return file.compressed === undefined ? compressedAge(path, file.inode) : -1;
}

/** A plain piece that is held open may have been compressed since; an inode that is held is nobody else's. */
function compressedAge(path: string, inode: bigint): number {
  for (let age = 1; hasAge(path, age); age++) {
    const other = openLogFile(path, age);
    if (other === undefined) continue;
    closeSync(other.fd);
    if (other.compressed?.plainInode === inode) return age;
  }
  return -1;
}

function hasAge(path: string, age: number): boolean {
  const plain = plainPath(path, age);
  return (
    statSync(plain, { throwIfNoEntry: false }) !== undefined ||
    statSync(`${plain}.gz`, { throwIfNoEntry: false }) !== undefined
  );
}

function plainPath(path: string, age: number): string {
  return age === 0 ? path : `${path}.${age}`;
}

function openOptional(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
