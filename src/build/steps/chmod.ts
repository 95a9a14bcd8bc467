/**
 * Reads `--chmod`: octal, or symbolic as chmod(1) has it (`u=rwX,go+r`).
 * @returns what it makes of an entry's bits; undefined where it cannot be read.
 */
export function parseChmod(
  text: string,
): ((mode: number, isDirectory: boolean) => number) | undefined {
  if (/^[0-7]{1,4}$/.test(text)) {
    const bits = Number.parseInt(text, 8);
    return () => bits;
  }
  const clauses = text.split(',').map((clause) => /^([ugoa]*)([-+=])([rwxXst]*)$/.exec(clause));
  if (clauses.some((clause) => clause === null)) return undefined;
  return (mode, isDirectory) =>
    clauses.reduce(
      (bits, clause) => applyClause(bits, clause as RegExpExecArray, isDirectory),
      mode,
    );
}

const shifts: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 };

function applyClause(mode: number, clause: RegExpExecArray, isDirectory: boolean): number {
  const [, whom = '', operator, letters = ''] = clause;
  const all = whom === '' || whom.includes('a');
  const classes = all ? ['u', 'g', 'o'] : [...new Set(whom)];
  const canExecute = isDirectory || (mode & 0o111) !== 0;
  const triple =
    (letters.includes('r') ? 4 : 0) |
    (letters.includes('w') ? 2 : 0) |
    (letters.includes('x') || (letters.includes('X') && canExecute) ? 1 : 0);
  let bits = 0;
  let mask = 0;
  for (const one of classes) {
    bits |= triple << (shifts[one] ?? 0);
    mask |= 7 << (shifts[one] ?? 0);
  }
  if (letters.includes('t')) bits |= 0o1000;
  if (letters.includes('s') && classes.includes('u')) bits |= 0o4000;
  if (letters.includes('s') && classes.includes('g')) bits |= 0o2000;
  if (operator === '+') return mode | bits;
  if (operator === '-') return mode & ~bits;
  return (mode & ~mask) | bits;
}
