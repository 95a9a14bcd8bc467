/**
 * How progress looks: a live display on a terminal, a line a change elsewhere, JSON, or nothing. All read the
 * executor's events and know nothing else.
 */
import type { GlobalOptions } from '../global-flags.ts';
import type { Host } from '../host.ts';
import { allowsAnsi, createPaint } from '../text/paint.ts';
import { jsonRenderer, plainRenderer, quietRenderer } from './plain.ts';
import type { ProgressRenderer } from './renderer.ts';
import { type TtyOptions, TtyRenderer } from './tty.ts';

export type { ProgressRenderer } from './renderer.ts';

/** The renderer that `--progress` asks for; `auto` is live on a terminal. Writes to standard error, as Docker Compose does. */
export function createRenderer(
  options: Pick<GlobalOptions, 'ansi' | 'progress'>,
  host: Host,
): ProgressRenderer {
  const stream = host.stderr;
  const ansi = allowsAnsi(options, host.env, stream);
  const kind =
    options.progress === 'auto' ? (stream.isTTY && ansi ? 'tty' : 'plain') : options.progress;
  switch (kind) {
    case 'json':
      return jsonRenderer(stream);
    case 'quiet':
      return quietRenderer;
    case 'tty':
      return new TtyRenderer(ttyOptions(host, ansi));
    default:
      return plainRenderer(stream);
  }
}

/** What a live display needs of the terminal behind standard error. */
export function ttyOptions(host: Host, ansi: boolean): TtyOptions {
  return {
    stream: host.stderr,
    paint: createPaint(ansi),
    monotonicMs: host.monotonicMs,
    rows: () => host.terminalRows(),
    every: (ms, callback) => {
      const timer = setInterval(callback, ms);
      return () => clearInterval(timer);
    },
  };
}
