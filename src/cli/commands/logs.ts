import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { shortContainerName } from '../container-name.ts';
import {
  followLogs,
  isProjectBusy,
  LogPrinter,
  mergeEntries,
  parseLogTime,
  parseTail,
  watchContainers,
} from '../logs/index.ts';
import { selectContainers } from '../select-containers.ts';
import { sharedAbort } from '../shared-abort.ts';
import { allowsAnsi, createPaint } from '../text/paint.ts';

interface LogsFlags {
  readonly color: boolean;
  readonly follow?: boolean;
  readonly index: number;
  readonly logPrefix: boolean;
  readonly since?: string;
  readonly tail: string;
  readonly timestamps?: boolean;
  readonly until?: string;
}

export const logsCommand = defineCommand<LogsFlags>({
  name: 'logs',
  positional: '[SERVICE...]',
  summary: 'View output from containers',
  flags: [
    { flags: '-f, --follow', description: 'Follow log output' },
    {
      flags: '--index <number>',
      description: 'Replica number, where a service has several',
      kind: 'integer',
      default: 0,
    },
    { flags: '--no-color', description: 'Produce monochrome output' },
    { flags: '--no-log-prefix', description: "Don't print prefix in logs" },
    {
      flags: '--since <time>',
      description: 'Show logs since a time (2013-01-02T13:23:37Z) or span (42m)',
    },
    {
      flags: '-n, --tail <lines>',
      description: 'Number of lines to show from the end of the logs for each container',
      default: 'all',
    },
    { flags: '-t, --timestamps', description: 'Show timestamps' },
    {
      flags: '--until <time>',
      description: 'Show logs before a time (2013-01-02T13:23:37Z) or span (42m)',
    },
  ],
  examples: [
    'compose logs -f web',
    'compose logs --since 10m --tail 100',
    'compose logs --no-log-prefix web',
  ],
  async run(context, services, flags) {
    const project = await context.projectName();
    const { host, roots } = context;
    const list = async () =>
      (await selectContainers(context, project, { services, oneoffs: true })).filter(
        ({ number, oneoff }) =>
          flags.index === 0 ? services.length === 0 || !oneoff : number === flags.index,
      );
    const containers = await list();
    if (flags.index !== 0 && containers.length === 0) {
      throw new AppError(
        'PROJECT_SERVICE_NOT_RUNNING',
        `no container #${flags.index} of ${services.join(', ')}`,
      );
    }
    const printer = new LogPrinter({
      host,
      paint: createPaint(flags.color && allowsAnsi(context.options, host.env, host.stdout)),
      prefix: flags.logPrefix,
      timestamps: flags.timestamps ?? false,
      splitStreams: false,
    });
    for (const container of containers) printer.register(shortContainerName(container));
    const engine = await context.engine();
    const range = {
      tail: parseTail(flags.tail),
      ...(flags.since === undefined
        ? {}
        : { since: parseLogTime(flags.since, host.now(), '--since') }),
      ...(flags.until === undefined
        ? {}
        : { until: parseLogTime(flags.until, host.now(), '--until') }),
    };
    if (!flags.follow) {
      const sources = containers
        .filter(({ state }) => state !== 'created')
        .map((container) => ({
          source: container,
          batches: engine.logBatches(container.id, range),
        }));
      for await (const { source, entries } of mergeEntries(sources)) {
        printer.printAll(shortContainerName(source), source.service, entries);
        await host.stdout.drained?.();
      }
      return 0;
    }
    const end = sharedAbort();
    const offs = (['SIGINT', 'SIGTERM'] as const).map((signal) =>
      host.onSignal(signal, () => end.abort()),
    );
    try {
      await followLogs({
        engine,
        list,
        onChange: (callback) => watchContainers(engine, project, callback),
        isProjectBusy: () => isProjectBusy(roots, project),
        monotonicMs: host.monotonicMs,
        ...range,
        signal: end.signal,
        onFollow: (container) => printer.register(shortContainerName(container)),
        onEntries: ({ source, entries }) =>
          printer.printAll(shortContainerName(source), source.service, entries),
        onEnd: (container, exitCode) => {
          if (flags.logPrefix) {
            printer.notice(`${shortContainerName(container)} exited with code ${exitCode}`);
          }
        },
      });
    } finally {
      for (const off of offs) off();
    }
    return end.signal.aborted ? 130 : 0;
  },
});
