import { AppError } from '../../core/index.ts';

const rfc3339 = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|z|[+-]\d\d:\d\d)$/;

/**
 * An RFC 3339 time as the log writes it, UTC with nine digits, so that the two compare as text.
 * @throws {AppError} `RUNTIME_SPEC_INVALID`
 */
export function logTime(text: string): string {
  const match = rfc3339.exec(text);
  const whole = match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2]}${match[4]}`);
  if (match === null || Number.isNaN(whole)) {
    throw new AppError('RUNTIME_SPEC_INVALID', `"${text}" is no RFC 3339 time`);
  }
  const seconds = new Date(whole).toISOString().slice(0, 19);
  return `${seconds}.${(match[3] ?? '').padEnd(9, '0')}Z`;
}
