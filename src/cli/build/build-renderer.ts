import type { BuildEvent } from '../../build/index.ts';
import type { CommandContext } from '../context.ts';
import { ttyOptions } from '../progress/index.ts';
import { allowsAnsi } from '../text/paint.ts';
import { type BuildRenderer, vertexName } from './build-progress.ts';
import { PlainBuildRenderer } from './plain-renderer.ts';
import { TtyBuildRenderer } from './tty-renderer.ts';

/** The renderer that `--progress` asks for, on standard error; `auto` is live on a terminal. */
export function createBuildRenderer(
  { host, options }: Pick<CommandContext, 'host' | 'options'>,
  progress: string = options.progress,
): BuildRenderer {
  const stream = host.stderr;
  const ansi = allowsAnsi(options, host.env, stream);
  const kind = progress === 'auto' ? (stream.isTTY && ansi ? 'tty' : 'plain') : progress;
  switch (kind) {
    case 'quiet':
      return { event: () => undefined, close: () => undefined };
    case 'json':
    case 'rawjson':
      return jsonRenderer((text) => stream.write(text));
    case 'tty':
      return new TtyBuildRenderer(ttyOptions(host, ansi));
    default:
      return new PlainBuildRenderer((text) => stream.write(text));
  }
}

const states: Readonly<Record<Exclude<BuildEvent['kind'], 'output'>, string>> = {
  started: 'Working',
  cached: 'Cached',
  done: 'Done',
  canceled: 'Canceled',
  failed: 'Error',
};

/** One JSON object a change, with Docker Compose's keys first. */
function jsonRenderer(write: (text: string) => void): BuildRenderer {
  return {
    close: () => undefined,
    event(target, event) {
      const line = {
        id: vertexName(target, event.vertex),
        ...(target === undefined ? {} : { parent_id: `Image ${target}` }),
        status: event.kind === 'output' ? 'Working' : states[event.kind],
        ...(event.kind === 'output' ? { text: event.text, stream: event.stream } : {}),
        ...(event.kind === 'failed' ? { text: event.error } : {}),
        ms: Math.round(event.atMs),
      };
      write(`${JSON.stringify(line)}\n`);
    },
  };
}
