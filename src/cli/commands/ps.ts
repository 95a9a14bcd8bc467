import { existsSync } from 'node:fs';
import type { ObservedContainer } from '../../compose/plan/index.ts';
import { AppError, humanDuration } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { projectListing, projectRow } from '../container-listing.ts';
import type { CommandContext } from '../context.ts';
import { formatFlag, renderListing } from '../listing/index.ts';
import { compareContainers, selectContainers } from '../select-containers.ts';

interface PsFlags {
  readonly all?: boolean;
  readonly filter?: readonly string[];
  readonly format: string;
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
    formatFlag,
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
  examples: [
    'compose ps -a',
    "compose ps --format 'table {{.Name}}\\t{{.Status}}'",
    'compose ps --status running --services',
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
    } else {
      const nowMs = context.host.now();
      const rows = containers.map((one) => projectRow(one, nowMs, flags.trunc));
      context.out(await renderListing(projectListing, rows, flags.format));
      if (flags.format === 'table') await showWatch(context, project);
    }
    return 0;
  },
});

/** A watch in the background is no container, but belongs to what runs. */
async function showWatch(context: CommandContext, project: string): Promise<void> {
  if (!existsSync(`${context.roots.run}/watch`)) return;
  const { readBackgroundWatch } = await import('../watch/background-watch.ts');
  const watch = readBackgroundWatch(context.roots, project);
  if (watch === undefined) return;
  const services = watch.services.length === 0 ? 'all services' : watch.services.join(', ');
  const since = humanDuration(context.host.now() - watch.sinceMs);
  context.out(`Watched in the background: ${services}, for ${since} (pid ${watch.pid})\n`);
}

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
