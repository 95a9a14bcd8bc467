import { readFileSync } from 'node:fs';
import { AppError } from '../core/index.ts';
import { writeNamed } from './write-named.ts';

/**
 * Reads a JSON record.
 * @returns undefined where the file, or a folder on the way to it, is missing.
 * @throws {AppError} `STATE_RECORD_INVALID` where it is no JSON object.
 */
export function readRecord(path: string): object | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return undefined;
    throw error;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AppError('STATE_RECORD_INVALID', `record ${path} is no JSON`, { cause });
  }
  if (typeof value !== 'object' || value === null) {
    throw new AppError('STATE_RECORD_INVALID', `record ${path} holds no object`);
  }
  return value;
}

/**
 * Writes a record into a folder that nobody reads yet; the folder's rename publishes it. Not synced: what
 * a power loss within seconds may cost is a container that nobody has put anything into
 * (docs/on-disk-layout.md, "What is synced").
 */
export function writeUnpublished(path: string, content: string, mode = 0o600): void {
  writeNamed(path, content, { mode, flag: 'wx' });
}

/** True for a system call's error of this name. */
export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
