import type { ObservedContainer } from '../../compose/plan/index.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { containerJson, containerRow, containerTableHeader } from '../container-listing.ts';
import { compareContainers, selectContainers } from '../select-containers.ts';
import { formatTable } from '../text/table.ts';

interface PsFlags {
  readonly all?: boolean;
  readonly filter?: readonly string[];
  readonly format: 'table' | 'json';
  readonly orphans?: boolean;
  readonly noOrphans?: boolean;
  readonly quiet?: boolean;
  readonly services?: boolean;
  readonly status?: readonly string[];
  readonly trunc: boolean;
}

const states = ['created', 'dead', 'exited', 'paused', 'removing', 'restarting', 'running'];

export const psCommand = defineCommand<PsFlags>({
  name: 'ps',
  positional: '[SERVICE...]',
  summary: 'List containers',
  flags: [
    { flags: '-a, --all', description: 'Show all containers, also stopped ones and those of run' },
    {
      flags: '--filter <filter>',
      description: 'Filter services by a property (supported filters: status)',
      kind: 'list',
    },
    {
      flags: '--format <format>',
      description: 'Format output as a table or as JSON',
      default: 'table',
      choices: ['table', 'json'],
    },
    { flags: '--orphans', description: 'Include orphaned services (the default)', hidden: true },
    {
      flags: '--no-orphans',
      description: 'Leave out services that the compose file does not have',
    },
    { flags: '--no-trunc', description: "Don't truncate output" },
    { flags: '-q, --quiet', description: 'Only display IDs' },
    { flags: '--services', description: 'Display services' },
    {
      flags: '--status <status>',
      description: `Filter services by status (${states.join(', ')})`,
      kind: 'list',
    },
  ],
  async run(context, services, flags) {
    const project = await context.projectName();
    const wanted = wantedStates(flags);
    let containers = (await selectContainers(context, project, { services, oneoffs: true })).filter(
      ({ state, oneoff }) =>
        wanted.length > 0
          ? wanted.includes(state)
          : flags.all || (!oneoff && ['running', 'paused', 'restarting'].includes(state)),
    );
    if (flags.orphans === false) {
      const declared = (await context.load()).project.services;
      containers = containers.filter(({ service }) => declared[service] !== undefined);
    }
    containers.sort((a, b) =>
      a.name < b.name ? -1 : a.name > b.name ? 1 : compareContainers(a, b),
    );
    if (flags.quiet) context.out(lines(containers, ({ id }) => id));
    else if (flags.services) {
      context.out([...new Set(containers.map(({ service }) => `${service}\n`))].join(''));
    } else if (flags.format === 'json') {
      const nowMs = context.host.now();
      context.out(lines(containers, (one) => JSON.stringify(containerJson(one, nowMs))));
    } else {
      const nowMs = context.host.now();
      const rows = containers.map((one) => containerRow(one, nowMs, flags.trunc));
      context.out(formatTable(containerTableHeader, rows));
    }
    return 0;
  },
});

function lines(
  containers: readonly ObservedContainer[],
  line: (container: ObservedContainer) => string,
): string {
  return containers.map((container) => `${line(container)}\n`).join('');
}

function wantedStates({ filter = [], status = [] }: PsFlags): string[] {
  const filtered = filter.map((entry) => {
    const match = /^status=(.+)$/.exec(entry);
    if (match === null) {
      throw new AppError('CLI_USAGE', `unknown filter "${entry}": supported is status=STATE`);
    }
    return match[1] ?? '';
  });
  const wanted = [...filtered, ...status];
  const unknown = wanted.find((state) => !states.includes(state));
  if (unknown !== undefined) {
    throw new AppError(
      'CLI_USAGE',
      `unknown status "${unknown}": it is one of ${states.join(', ')}`,
    );
  }
  return wanted;
}
