import type { ContainerInfo } from '../../engine/index.ts';
import { defineCommand } from '../command.ts';
import { containerFields } from '../container-listing.ts';
import { formatFlag, type Listing, type ListingRow, renderListing } from '../listing/index.ts';
import { parseFilters } from './image-filters.ts';

interface PsFlags {
  readonly all?: boolean;
  readonly filter?: readonly string[];
  readonly format: string;
  readonly last?: number;
  readonly latest?: boolean;
  readonly quiet?: boolean;
  readonly trunc: boolean;
}

/** `coracle ps`. */
const listing: Listing = {
  titles: {
    ID: 'CONTAINER ID',
    Image: 'IMAGE',
    Command: 'COMMAND',
    CreatedAt: 'CREATED AT',
    RunningFor: 'CREATED',
    Status: 'STATUS',
    State: 'STATE',
    Ports: 'PORTS',
    Names: 'NAMES',
    Labels: 'LABELS',
    Mounts: 'MOUNTS',
    LocalVolumes: 'LOCAL VOLUMES',
    Networks: 'NETWORKS',
    Size: 'SIZE',
  },
  table: ['ID', 'Image', 'Command', 'RunningFor', 'Status', 'Ports', 'Names'],
};

export const psCommand = defineCommand<PsFlags>({
  name: 'ps',
  positional: '',
  summary: 'List containers',
  flags: [
    { flags: '-a, --all', description: 'Show all containers (default shows just running)' },
    { flags: '-f, --filter <filter>', description: 'Filter output by KEY=VALUE', kind: 'list' },
    formatFlag,
    {
      flags: '-n, --last <count>',
      description: 'Show the last created containers',
      kind: 'integer',
    },
    { flags: '-l, --latest', description: 'Show the latest created container' },
    { flags: '--no-trunc', description: "Don't truncate output" },
    { flags: '-q, --quiet', description: 'Only display container IDs' },
  ],
  examples: [
    "coracle ps --format 'table {{.Names}}\\t{{.Status}}'",
    'coracle ps -aq --filter label=com.docker.compose.project=todo',
  ],
  async run(context, _args, flags) {
    const engine = await context.engine();
    const last = flags.latest ? 1 : (flags.last ?? -1);
    const listed = await engine.listContainers({
      all: flags.all === true || last > 0,
      filters: parseFilters(flags.filter ?? []),
    });
    // The engine lists the newest first.
    const infos = last > 0 ? listed.slice(0, last) : listed;
    const rows = infos.map((info) => containerRow(info, context.host.now(), flags.trunc));
    if (flags.quiet) context.out(rows.map(({ ID }) => `${ID}\n`).join(''));
    else context.out(await renderListing(listing, rows, flags.format));
    return 0;
  },
});

function containerRow(info: ContainerInfo, nowMs: number, truncate: boolean): ListingRow {
  return {
    ...containerFields(info, nowMs, truncate),
    ID: truncate ? info.Id.slice(0, 12) : info.Id,
    Names: info.Names.map((name) => name.replace(/^\//, '')).join(','),
    State: info.State,
  };
}
