import {
  AppError,
  type ErrorCode,
  IgnorePatterns,
  PatternError,
  pathComponentMatcher,
} from '../../core/index.ts';

/** The patterns of an ignore file, or of `--exclude`. @param code  of the failure where one of them is none. */
export function excludePatterns(patterns: readonly string[], code: ErrorCode): IgnorePatterns {
  return understood(code, () => new IgnorePatterns(patterns));
}

/** What a component of COPY's source fits: `*`, `?` and `[…]`, which do not reach over a slash. */
export function componentMatcher(pattern: string): RegExp {
  return understood('BUILD_SOURCE_MISSING', () => pathComponentMatcher(pattern));
}

/** True for a path that names what fits it, which may be nothing; a backslash makes a letter of the next one. */
export function hasWildcard(path: string): boolean {
  return /(?<!\\)[*?[]/.test(path);
}

function understood<T>(code: ErrorCode, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw new AppError(code, error.message, {
      cause: error,
      hint: 'Write \\[ for a bracket that is meant as one.',
    });
  }
}
