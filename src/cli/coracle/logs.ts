import { AppError } from '../../core/index.ts';
import type { LogEntry } from '../../engine/index.ts';
import { defineCommand } from '../command.ts';
import { parseLogTime, parseTail } from '../logs/index.ts';

interface LogsFlags {
  readonly follow?: boolean;
  readonly since?: string;
  readonly tail: string;
  readonly timestamps?: boolean;
  readonly until?: string;
}

export const logsCommand = defineCommand<LogsFlags>({
  name: 'logs',
  positional: 'CONTAINER',
  summary: 'Show the logs of a container',
  flags: [
    { flags: '-f, --follow', description: 'Follow log output' },
    { flags: '--since <time>', description: 'Show logs since a time or span' },
    { flags: '-n, --tail <lines>', description: 'Number of lines from the end', default: 'all' },
    { flags: '-t, --timestamps', description: 'Show timestamps' },
    { flags: '--until <time>', description: 'Show logs before a time or span' },
  ],
  examples: ['coracle logs -f --tail 100 web'],
  async run(context, [name, ...more], flags) {
    if (name === undefined || more.length > 0) {
      throw new AppError('CLI_USAGE', 'logs needs one container');
    }
    const engine = await context.engine();
    const { host } = context;
    const end = new AbortController();
    const off = host.onSignal('SIGINT', () => end.abort());
    try {
      const batches = engine.logBatches(name, {
        follow: flags.follow ?? false,
        tail: parseTail(flags.tail),
        signal: end.signal,
        ...(flags.since === undefined
          ? {}
          : { since: parseLogTime(flags.since, host.now(), '--since') }),
        ...(flags.until === undefined
          ? {}
          : { until: parseLogTime(flags.until, host.now(), '--until') }),
      });
      for await (const entries of batches) {
        for (const { stream, bytes } of streamRuns(entries, flags.timestamps ?? false)) {
          const output = stream === 'stderr' ? host.stderr : host.stdout;
          if (!output.write(bytes)) await output.drained?.();
        }
      }
    } finally {
      off();
    }
    return end.signal.aborted ? 130 : 0;
  },
});

const newline = Buffer.from('\n');

/** Entries of one stream in a row as the bytes to write, so that a batch costs a write or two. */
function streamRuns(
  entries: readonly LogEntry[],
  timestamps: boolean,
): { readonly stream: LogEntry['stream']; readonly bytes: Buffer }[] {
  const runs: { stream: LogEntry['stream']; pieces: Uint8Array[] }[] = [];
  for (const { stream, time, line, partial } of entries) {
    let run = runs.at(-1);
    if (run?.stream !== stream) {
      run = { stream, pieces: [] };
      runs.push(run);
    }
    if (timestamps) run.pieces.push(Buffer.from(`${time} `));
    run.pieces.push(line);
    if (!partial) run.pieces.push(newline);
  }
  return runs.map(({ stream, pieces }) => ({ stream, bytes: Buffer.concat(pieces) }));
}
