/**
 * What everything else may import and what imports nothing of ours: errors with codes, diagnostics with
 * places, durations and byte sizes as Go and Docker write them.
 */
export { parseByteSize } from './byte-size.ts';
export type { Diagnostic, Position, RelatedPlace, Severity, SourceRange } from './diagnostics.ts';
export { formatPlace } from './diagnostics.ts';
export type { ErrorEntry } from './error-codes/entry.ts';
export { type ErrorCode, errorCodes } from './error-codes/index.ts';
export { AppError, type AppErrorOptions, CleanupError, isAppError } from './errors.ts';
export { formatGoDuration, parseGoDuration } from './go-duration.ts';
export { hostFailure } from './host-failure.ts';
export { humanDuration } from './human-duration.ts';
export {
  IgnorePatterns,
  ignoreFilePatterns,
  PatternError,
  pathComponentMatcher,
} from './ignore-patterns.ts';
export { type DiagnosticStyle, renderDiagnostic } from './render-diagnostic.ts';
