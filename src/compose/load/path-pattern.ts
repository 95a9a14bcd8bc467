/**
 * Tables keyed by path patterns such as `services.*.ports.*`, compiled so that a walk over a tree steps
 * through all patterns at once: one map look-up a level instead of one comparison a pattern.
 */

/** One place in the compiled table. */
export interface PatternStep<T> {
  readonly exact: Map<string, PatternStep<T>>;
  any: PatternStep<T> | undefined;
  rule: T | undefined;
}

function emptyStep<T>(): PatternStep<T> {
  return { exact: new Map(), any: undefined, rule: undefined };
}

/** Compiles a table; `*` matches any key and any list item. */
export function compilePatterns<T>(table: Readonly<Record<string, T>>): PatternStep<T> {
  const root = emptyStep<T>();
  for (const [pattern, rule] of Object.entries(table)) {
    let step = root;
    for (const part of pattern.split('.')) {
      let next = part === '*' ? step.any : step.exact.get(part);
      if (next === undefined) {
        next = emptyStep<T>();
        if (part === '*') {
          step.any = next;
        } else {
          step.exact.set(part, next);
        }
      }
      step = next;
    }
    step.rule = rule;
  }
  return root;
}

/** The step below `step` for a key; `undefined` where no pattern goes on. */
export function stepInto<T>(
  step: PatternStep<T> | undefined,
  key: string,
): PatternStep<T> | undefined {
  return step === undefined ? undefined : (step.exact.get(key) ?? step.any);
}

/** The step below `step` for a list item. */
export function stepIntoItem<T>(step: PatternStep<T> | undefined): PatternStep<T> | undefined {
  return step?.any;
}
