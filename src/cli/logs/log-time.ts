import { AppError, parseGoDuration } from '../../core/index.ts';

/**
 * An instant of `--since` or `--until` as RFC 3339: given so, as seconds since 1970, or as a span before now (`10m`).
 * @throws {AppError} `CLI_USAGE`
 */
export function parseLogTime(text: string, nowMs: number, flag: string): string {
  if (/^\d+(\.\d+)?$/.test(text)) return new Date(Number(text) * 1000).toISOString();
  const span = parseGoDuration(text);
  if (span !== undefined) return new Date(nowMs - span / 1e6).toISOString();
  const instant = Date.parse(
    /[zZ]|[+-]\d\d:\d\d$/.test(text) ? text : `${text}${text.includes('T') ? 'Z' : 'T00:00:00Z'}`,
  );
  if (Number.isNaN(instant)) {
    throw new AppError('CLI_USAGE', `${flag}: "${text}" is no time`, {
      hint: 'Give a time such as 2026-01-31T12:00:00Z, or a span such as 10m.',
    });
  }
  // Digits below the millisecond are kept where the text has them.
  return /\.\d{4,9}Z$/.test(text) ? text : new Date(instant).toISOString();
}

/** Number of last lines of `--tail`. @throws {AppError} `CLI_USAGE` */
export function parseTail(text: string): number | 'all' {
  if (text === 'all') return 'all';
  if (!/^\d+$/.test(text)) {
    throw new AppError('CLI_USAGE', `--tail: "${text}" is neither a number nor "all"`);
  }
  return Number(text);
}
