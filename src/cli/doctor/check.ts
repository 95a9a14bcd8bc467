/** One prerequisite: what there is, and what to do where it does not suffice. */
export interface Check {
  /** `kernel`, `nf_tables`. */
  readonly name: string;
  /** `warn`: containers run, something that files may ask for does not. */
  readonly state: 'ok' | 'warn' | 'fail';
  readonly found: string;
  /** One line, in the imperative; empty where all is well. */
  readonly fix: string;
}

/** @param otherwise  what it is where `holds` is false. */
export function check(
  name: string,
  holds: boolean,
  { found, fix, otherwise = 'fail' }: { found: string; fix: string; otherwise?: 'warn' | 'fail' },
): Check {
  return { name, state: holds ? 'ok' : otherwise, found, fix: holds ? '' : fix };
}
