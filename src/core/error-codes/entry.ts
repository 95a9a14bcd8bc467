/** One row of the error table; `docs/errors.md` is generated from these rows. */
export interface ErrorEntry {
  /** What the code means, one sentence. */
  readonly meaning: string;
  /** Usual causes, a phrase each. */
  readonly causes: readonly string[];
  /** What to do next, in the imperative. Printed under the message unless the thrower gives its own. */
  readonly hint: string;
  /** Exit code of a command that ends with it; 1 when left out. */
  readonly exitCode?: number;
  /** Status the Engine API answers; 500 when left out. */
  readonly httpStatus?: number;
}

/** Keeps the literal codes of a table while checking its rows. */
export function errorTable<const T extends Readonly<Record<string, ErrorEntry>>>(table: T): T {
  return table;
}
