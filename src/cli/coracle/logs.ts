import { AppError } from '../../core/index.ts';
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
  async run(context, [name, ...more], flags) {
    if (name === undefined || more.length > 0) {
      throw new AppError('CLI_USAGE', 'logs needs one container');
    }
    const engine = await context.engine();
    const { host } = context;
    const end = new AbortController();
    const off = host.onSignal('SIGINT', () => end.abort());
    try {
      const entries = engine.logEntries(name, {
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
      for await (const { stream, time, line, partial } of entries) {
        const output = stream === 'stderr' ? host.stderr : host.stdout;
        const head = flags.timestamps ? Buffer.from(`${time} `) : Buffer.alloc(0);
        output.write(Buffer.concat([head, line, Buffer.from(partial ? '' : '\n')]));
      }
    } finally {
      off();
    }
    return end.signal.aborted ? 130 : 0;
  },
});
