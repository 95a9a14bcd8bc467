import { constants } from 'node:os';
import { AppError } from '../core/index.ts';

const numbers: Readonly<Record<string, number>> = constants.signals;
const names = new Map(Object.entries(numbers).map(([name, number]) => [number, name]));
const realTime = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/;

/**
 * The name of a signal written as `SIGTERM`, `term` or `15`; real-time ones stay numbers (`SIGRTMIN+3` is `37`).
 * @throws {AppError} `ENGINE_SIGNAL_INVALID`
 */
export function signalName(text: string): string {
  const upper = text.toUpperCase();
  if (/^\d{1,2}$/.test(upper)) {
    const number = Number(upper);
    if (number >= 1 && number <= 64) return names.get(number) ?? String(number);
  }
  const bare = upper.startsWith('SIG') ? upper.slice(3) : upper;
  if (numbers[`SIG${bare}`] !== undefined) return `SIG${bare}`;
  const [, base, sign, offset = '0'] = realTime.exec(bare) ?? [];
  if (base !== undefined) {
    const number = (base === 'MIN' ? 34 : 64) + (sign === '-' ? -1 : 1) * Number(offset);
    if (number >= 34 && number <= 64) return String(number);
  }
  throw new AppError('ENGINE_SIGNAL_INVALID', `invalid signal: ${text}`);
}
