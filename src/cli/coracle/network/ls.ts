import { defineCommand } from '../../command.ts';
import { formatFlag, renderListing } from '../../listing/index.ts';
import { networkListing, networkRow } from '../../listing/network-listing.ts';
import { parseFilters } from '../image-filters.ts';

export const networkLs = defineCommand<{
  readonly filter?: readonly string[];
  readonly format: string;
  readonly trunc: boolean;
  readonly quiet?: boolean;
}>({
  name: 'ls',
  positional: '',
  summary: 'List networks',
  flags: [
    {
      flags: '-f, --filter <key=value>',
      description: 'name, id, label, driver, scope, type or dangling',
      kind: 'list',
    },
    formatFlag,
    { flags: '--no-trunc', description: 'Do not truncate the output' },
    { flags: '-q, --quiet', description: 'Only display network IDs' },
  ],
  examples: ['coracle network ls', 'coracle network ls --filter driver=bridge -q'],
  async run(context, _args, { filter = [], format, trunc, quiet = false }) {
    const engine = await context.engine();
    const networks = await engine.listNetworks({ filters: parseFilters(filter) });
    const rows = networks.map((network) => networkRow(network, trunc));
    if (quiet) context.out(rows.map(({ ID }) => `${String(ID)}\n`).join(''));
    else context.out(await renderListing(networkListing, rows, format));
    return 0;
  },
});
