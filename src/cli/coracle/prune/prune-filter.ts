import { AppError } from '../../../core/index.ts';
import type { Flag } from '../../command.ts';
import { parseLogTime } from '../../logs/index.ts';
import { parseFilters } from '../image-filters.ts';

/** The `--filter` of the `prune` commands. */
export const pruneFilterFlag: Flag = {
  flags: '--filter <key=value>',
  description: 'label=…, label!=… or until=TIMESTAMP',
  kind: 'list',
};

/** What the filters of `prune` look at. */
export interface Prunable {
  /** Milliseconds since 1970. */
  readonly createdMs: number;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * `--filter label=…`, `label!=…` and `until=…` of the `prune` commands; a thing goes where all fit.
 * @param nowMs milliseconds since 1970, which `until=24h` counts back from.
 * @param allowed of these keys; the others are refused
 * @throws {AppError} `CLI_USAGE`
 */
export function pruneFilter(
  texts: readonly string[],
  nowMs: number,
  allowed: readonly string[] = ['label', 'label!', 'until'],
): (thing: Prunable) => boolean {
  const tests = Object.entries(parseFilters(texts)).flatMap(([key, values]) =>
    values.map((value) => {
      if (!allowed.includes(key)) {
        throw new AppError('CLI_USAGE', `invalid filter '${key}'`, {
          hint: `Use ${allowed.map((name) => `${name}=…`).join(' or ')}.`,
        });
      }
      if (key === 'until') {
        const until = Date.parse(parseLogTime(value, nowMs, '--filter until'));
        return ({ createdMs }: Prunable) => createdMs < until;
      }
      const [name = '', ...rest] = value.split('=');
      const wanted = rest.length === 0 ? undefined : rest.join('=');
      return ({ labels }: Prunable) =>
        (name in labels && (wanted === undefined || labels[name] === wanted)) === (key === 'label');
    }),
  );
  return (thing) => tests.every((test) => test(thing));
}
