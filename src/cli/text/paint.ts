import type { GlobalOptions } from '../global-flags.ts';
import type { Host, OutputStream } from '../host.ts';

/** SGR codes: how a style begins, and what ends it. */
const styles = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
  greenBright: [92, 39],
  yellowBright: [93, 39],
  blueBright: [94, 39],
  magentaBright: [95, 39],
  cyanBright: [96, 39],
} as const;

/** Colours, or their absence. */
export type Paint = Readonly<Record<keyof typeof styles, (text: string) => string>>;

/** Whether escape codes may be written to a stream: `--ansi`, then NO_COLOR, then whether it is a terminal. */
export function allowsAnsi(
  { ansi }: Pick<GlobalOptions, 'ansi'>,
  env: Host['env'],
  stream: OutputStream,
): boolean {
  if (ansi !== 'auto') return ansi === 'always';
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  return stream.isTTY && env.TERM !== 'dumb';
}

/**
 * Our own few lines, as picocolors asks `process.stdout` at its import whether it is a terminal, which loads Node's
 * streams and costs every command more than all of our parsing.
 */
export function createPaint(enabled: boolean): Paint {
  return Object.fromEntries(
    Object.entries(styles).map(([name, [begin, end]]) => [
      name,
      enabled ? (text: string) => `\u001b[${begin}m${text}\u001b[${end}m` : (text: string) => text,
    ]),
  ) as Paint;
}
