import type { SourceRange } from '../../core/index.ts';

/** Something in a Dockerfile that works and is probably not meant. Rules have the names that `docker build --check` gives them. */
export interface LintWarning {
  readonly rule: string;
  readonly message: string;
  readonly range: SourceRange;
}

/** What a rule tells of what it has found. */
export type Report = (rule: string, range: SourceRange, message: string) => void;
