import picocolors from 'picocolors';
import type { GlobalOptions } from '../global-flags.ts';
import type { Host, OutputStream } from '../host.ts';

/** Colours, or their absence. */
export type Paint = ReturnType<typeof picocolors.createColors>;

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

export function createPaint(enabled: boolean): Paint {
  return picocolors.createColors(enabled);
}
