import { AppError, type ErrorCode, type SourceRange } from '../../core/index.ts';

/**
 * An error at a place of a Dockerfile. What is printed shows the line with a caret; a file that is not on disk (inline, or of a
 * repository) brings its text along.
 */
export function dockerfileError(
  range: SourceRange,
  message: string,
  options: {
    readonly code?: ErrorCode;
    readonly hint?: string;
    readonly cause?: unknown;
    readonly details?: Readonly<Record<string, unknown>>;
  } = {},
): AppError {
  const { code = 'BUILD_DOCKERFILE_INVALID', hint, cause, details } = options;
  return new AppError(code, message, {
    details: { ...details, range },
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  });
}
