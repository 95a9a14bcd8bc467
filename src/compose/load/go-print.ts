/** Numbers as Go prints them: labels, variables and sizes pass through Go's formatting in Compose. */

/** `fmt.Sprint` of a YAML scalar; null as `<nil>` never occurs, callers treat it before. */
export function printScalar(value: string | number | boolean | null, float = false): string {
  if (typeof value === 'number' && float) {
    return printFloat(value);
  }
  return value === null ? '' : String(value);
}

/** A 64-bit float as `%v` prints it: shortest digits, with an exponent below 1e-4 and from 1e6 on. */
function printFloat(value: number): string {
  if (Number.isNaN(value)) {
    return 'NaN';
  }
  if (!Number.isFinite(value)) {
    return value > 0 ? '+Inf' : '-Inf';
  }
  if (value === 0) {
    return '0';
  }
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power < -4 || power >= 6) {
    const sign = power < 0 ? '-' : '+';
    return `${mantissa}e${sign}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  return String(value);
}

/** The shortest decimal that reads back as the same 32-bit float: 0.1, not 0.10000000149. */
export function shortestFloat32(value: number): number {
  const wanted = Math.fround(value);
  for (let digits = 1; digits <= 9; digits += 1) {
    const candidate = Number(wanted.toPrecision(digits));
    if (Math.fround(candidate) === wanted) {
      return candidate;
    }
  }
  return wanted;
}
