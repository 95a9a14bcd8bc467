import { humanDuration } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { formatPorts, quotedCommand } from '../container-listing.ts';
import { formatTable } from '../text/table.ts';
import { parseFilters } from './image-filters.ts';

interface PsFlags {
  readonly all?: boolean;
  readonly filter?: readonly string[];
  readonly format: 'table' | 'json';
  readonly quiet?: boolean;
  readonly trunc: boolean;
}

const header = ['CONTAINER ID', 'IMAGE', 'COMMAND', 'CREATED', 'STATUS', 'PORTS', 'NAMES'];

export const psCommand = defineCommand<PsFlags>({
  name: 'ps',
  positional: '',
  summary: 'List containers',
  flags: [
    { flags: '-a, --all', description: 'Show all containers (default shows just running)' },
    { flags: '-f, --filter <filter>', description: 'Filter output by KEY=VALUE', kind: 'list' },
    {
      flags: '--format <format>',
      description: 'Format output as a table or as JSON',
      default: 'table',
      choices: ['table', 'json'],
    },
    { flags: '--no-trunc', description: "Don't truncate output" },
    { flags: '-q, --quiet', description: 'Only display container IDs' },
  ],
  async run(context, _args, { all = false, filter, format, quiet = false, trunc }) {
    const engine = await context.engine();
    const infos = await engine.listContainers({
      all,
      ...(filter === undefined ? {} : { filters: parseFilters(filter) }),
    });
    const id = (full: string) => (trunc ? full.slice(0, 12) : full);
    if (quiet) context.out(infos.map(({ Id }) => `${id(Id)}\n`).join(''));
    else if (format === 'json')
      context.out(infos.map((info) => `${JSON.stringify(info)}\n`).join(''));
    else {
      const nowMs = context.host.now();
      const rows = infos.map((info) => [
        id(info.Id),
        info.Image,
        quotedCommand(info, trunc),
        `${humanDuration(nowMs - info.Created * 1000)} ago`,
        info.Status,
        formatPorts(info.Ports),
        info.Names.map((name) => name.replace(/^\//, '')).join(','),
      ]);
      context.out(formatTable(header, rows));
    }
    return 0;
  },
});
