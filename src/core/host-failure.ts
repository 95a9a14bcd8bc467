import type { ErrorCode } from './error-codes/index.ts';
import { AppError } from './errors.ts';

/** What a refused system call means, by its errno's name. */
const codes: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'HOST_DISK_FULL',
  EDQUOT: 'HOST_DISK_FULL',
  EROFS: 'HOST_READ_ONLY',
  EMFILE: 'HOST_FILES_EXHAUSTED',
  ENFILE: 'HOST_FILES_EXHAUSTED',
  ENOMEM: 'HOST_MEMORY_EXHAUSTED',
  EAGAIN: 'HOST_MEMORY_EXHAUSTED',
  EACCES: 'HOST_PERMISSION_DENIED',
  EPERM: 'HOST_PERMISSION_DENIED',
  EIO: 'HOST_DISK_FAILED',
  ENAMETOOLONG: 'HOST_PATH_TOO_LONG',
};

/**
 * Node's error of a system call, where it is the machine's fault and not ours, as one that says what to do.
 * @returns undefined for every other error.
 */
export function hostFailure(error: unknown): AppError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code: errno, syscall, path } = error as NodeJS.ErrnoException;
  // What a recursive mkdir of Node's makes of EROFS.
  const isHidden = errno === 'ENOENT' && syscall === 'mkdir';
  const code = isHidden ? 'HOST_READ_ONLY' : errno === undefined ? undefined : codes[errno];
  if (code === undefined || syscall === undefined) return undefined;
  const [, said = error.message] = /^E[A-Z]+: ([^,]+),/.exec(error.message) ?? [];
  const reason = isHidden ? 'the folder cannot be made: its file system is read-only' : said;
  const what = syscall.startsWith('spawn') ? 'spawn' : syscall;
  return new AppError(code, `${what}${path ? ` ${path}` : ''}: ${reason} (${errno})`, {
    cause: error,
    details: { errnoName: errno, syscall, path },
  });
}
