/** Durations as Go writes them: `1h5m30.5s`; days and weeks are read as well, as Compose does. */

const unitNs: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 86_400e9,
  w: 604_800e9,
};

const term = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h|d|w)/y;

/** Largest duration that Go's 64-bit nanoseconds hold, about 292 years. */
const maxNs = 2 ** 63;

/**
 * Nanoseconds of a duration such as `1m30s`, `1.5h`, `2d`, `-3s` or `0`.
 *
 * @returns `undefined` where the text is no duration.
 */
export function parseGoDuration(text: string): number | undefined {
  const negative = text.startsWith('-');
  const body = negative || text.startsWith('+') ? text.slice(1) : text;
  if (body === '0') {
    return 0;
  }
  if (body === '') {
    return undefined;
  }
  let total = 0;
  term.lastIndex = 0;
  while (term.lastIndex < body.length) {
    const match = term.exec(body);
    if (match === null) {
      return undefined;
    }
    total += Number(match[1]) * (unitNs[match[2] ?? ''] ?? 0);
  }
  if (total >= maxNs) {
    return undefined;
  }
  return Math.trunc(negative ? -total : total);
}

/** Writes nanoseconds as Go's `Duration.String` does: `1m30s`, `1.5s`, `100ms`, `0s`. */
export function formatGoDuration(ns: number): string {
  if (ns === 0) {
    return '0s';
  }
  const sign = ns < 0 ? '-' : '';
  const abs = Math.abs(ns);
  if (abs < 1e3) {
    return `${sign}${abs}ns`;
  }
  if (abs < 1e6) {
    return `${sign}${fraction(abs, 1e3)}µs`;
  }
  if (abs < 1e9) {
    return `${sign}${fraction(abs, 1e6)}ms`;
  }
  const hours = Math.floor(abs / 3600e9);
  const minutes = Math.floor((abs % 3600e9) / 60e9);
  const seconds = `${fraction(abs % 60e9, 1e9)}s`;
  if (hours > 0) {
    return `${sign}${hours}h${minutes}m${seconds}`;
  }
  return minutes > 0 ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`;
}

/** `value / unit` with all its digits and no trailing zeros; in integers, as floats would round. */
function fraction(value: number, unit: number): string {
  const whole = Math.floor(value / unit);
  const rest = value % unit;
  if (rest === 0) {
    return String(whole);
  }
  const digits = String(rest).padStart(String(unit).length - 1, '0');
  return `${whole}.${digits.replace(/0+$/, '')}`;
}
