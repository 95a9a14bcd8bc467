/**
 * The one error type of the project. Everything a user can cause or meet is an {@link AppError} with a
 * code from the closed table in `error-codes/`; a plain `Error` means a mistake of ours.
 */
import { type ErrorCode, errorCodes } from './error-codes/index.ts';

/** What may be given beside the code and the message of an {@link AppError}. */
export interface AppErrorOptions {
  /** What to do next, in the imperative; the code's own hint when left out. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** Plain data for `--format json` and for tests; never secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Overrides the code's exit code (`run`/`exec` pass the container's own). */
  readonly exitCode?: number;
}

/**
 * A failure that a user can act on: what, where, why and what next.
 *
 * `message` starts in lower case, has no full stop, and names the object and the value:
 * `network "back": subnet 10.9.0.0/24 overlaps "shop_front"`.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;
  readonly exitCode: number;
  readonly httpStatus: number;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const entry = errorCodes[code];
    this.code = code;
    this.hint = options.hint ?? entry.hint;
    this.details = options.details ?? {};
    this.exitCode = options.exitCode ?? entry.exitCode ?? 1;
    this.httpStatus = entry.httpStatus ?? 500;
  }

  /** dockerode and its callers look for `statusCode` on an error; ours answers the same question. */
  get statusCode(): number {
    return this.httpStatus;
  }
}

/** Several failures of one tear-down: it goes on after an error and reports all of them, first one first. */
export class CleanupError extends AggregateError {
  override readonly name = 'CleanupError';
}

/**
 * True where `error` is an {@link AppError}, of `code` when one is given. Works across bundle chunks,
 * where `instanceof` would compare two copies of the class.
 */
export function isAppError(error: unknown, code?: ErrorCode): error is AppError {
  return (
    error instanceof Error &&
    error.name === 'AppError' &&
    (code === undefined || (error as AppError).code === code)
  );
}
