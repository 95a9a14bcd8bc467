/**
 * Findings about files that a user wrote. Loading goes on after one and reports all of them, sorted by
 * place; the command line prints them with an excerpt and a caret, `--format json` as data.
 */

/** A point in a file: both counted from 1, columns in UTF-16 code units as editors count them. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Where a value stands: from its first character to the one after its last. */
export interface SourceRange {
  /** Path as the user gave it, or absolute; `-` for standard input. */
  readonly file: string;
  readonly start: Position;
  readonly end: Position;
  /** `$.services.web.ports[0]`, where the project was given as an object; lines then count in its JSON. */
  readonly path?: string;
}

export type Severity = 'error' | 'warning';

/** A second place that explains the first: "first declared here". */
export interface RelatedPlace {
  readonly message: string;
  readonly range: SourceRange;
}

/** One finding in a user's file. */
export interface Diagnostic {
  /** A code from `error-codes/`. */
  readonly code: string;
  readonly severity: Severity;
  /** Lower case, no full stop, names the key and the value. */
  readonly message: string;
  /** Left out only where no file is to blame (a flag, the environment). */
  readonly range?: SourceRange;
  readonly related?: readonly RelatedPlace[];
  /** What to do next, in the imperative. */
  readonly hint?: string;
}

/** `file:line:col`, the form that editors and terminals make clickable; the path in a project given as an object. */
export function formatPlace(range: SourceRange): string {
  if (range.path !== undefined) {
    return range.path;
  }
  return `${range.file}:${range.start.line}:${range.start.column}`;
}
