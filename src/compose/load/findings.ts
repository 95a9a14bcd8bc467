import type { Diagnostic, ErrorCode, RelatedPlace } from '../../core/index.ts';
import { type Place, rangeOf } from './yaml/node.ts';

/** What may be said beside a finding's code, message and place. */
export interface FindingExtra {
  readonly hint?: string;
  readonly related?: readonly { readonly message: string; readonly place: Place }[];
}

/** Of these, one finding a value is enough: those after the first follow from it. */
const aboutOneValue = new Set<ErrorCode>([
  'COMPOSE_TYPE_MISMATCH',
  'COMPOSE_VALUE_INVALID',
  'COMPOSE_YAML_ALIAS',
]);

/** A file with more findings than this is not read for them one by one. */
const mostFindings = 500;

/** Collects what is wrong while loading goes on. */
export class Findings {
  readonly #found: Diagnostic[] = [];
  readonly #seen = new Set<string>();
  #errors = 0;

  get hasErrors(): boolean {
    return this.#errors > 0;
  }

  get errorCount(): number {
    return this.#errors;
  }

  error(code: ErrorCode, message: string, place?: Place, extra: FindingExtra = {}): void {
    this.#errors += 1;
    this.#add('error', code, message, place, extra);
  }

  warning(code: ErrorCode, message: string, place?: Place, extra: FindingExtra = {}): void {
    this.#add('warning', code, message, place, extra);
  }

  /** All findings: by file in the order in which files were read, then by place; those without a place first. */
  sorted(): Diagnostic[] {
    const order = new Map<string, number>([['', -1]]);
    for (const { range } of this.#found) {
      const file = range?.file ?? '';
      if (!order.has(file)) {
        order.set(file, order.size);
      }
    }
    const rank = (one: Diagnostic) => order.get(one.range?.file ?? '') ?? 0;
    return this.#found.toSorted(
      (a, b) =>
        rank(a) - rank(b) ||
        (a.range?.start.line ?? 0) - (b.range?.start.line ?? 0) ||
        (a.range?.start.column ?? 0) - (b.range?.start.column ?? 0),
    );
  }

  #add(
    severity: Diagnostic['severity'],
    code: ErrorCode,
    message: string,
    place: Place | undefined,
    extra: FindingExtra,
  ): void {
    // a mistake in an anchor is met again at each alias, one in a value by each phase: one report is enough
    const isOfValue = aboutOneValue.has(code);
    const what = isOfValue && place !== undefined ? 'value' : `${code}\n${message}`;
    const identity = `${place?.source.file}\n${place?.start}\n${what}`;
    if (this.#seen.has(identity) || this.#found.length >= mostFindings) {
      return;
    }
    this.#seen.add(identity);
    const related = extra.related?.map(
      (one): RelatedPlace => ({ message: one.message, range: rangeOf(one.place) }),
    );
    this.#found.push({
      code,
      severity,
      message,
      ...(place === undefined ? {} : { range: rangeOf(place) }),
      ...(related === undefined || related.length === 0 ? {} : { related }),
      ...(extra.hint === undefined ? {} : { hint: extra.hint }),
    });
  }
}
