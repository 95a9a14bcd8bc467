import { defineCommand } from '../../command.ts';
import { formatFlag, renderListing } from '../../listing/index.ts';
import { volumeListing, volumeRow } from '../../listing/volume-listing.ts';
import { parseFilters } from '../image-filters.ts';

export const volumeLs = defineCommand<{
  readonly filter?: readonly string[];
  readonly format: string;
  readonly quiet?: boolean;
}>({
  name: 'ls',
  positional: '',
  summary: 'List volumes',
  flags: [
    {
      flags: '-f, --filter <key=value>',
      description: 'name, label, driver, dangling or anonymous',
      kind: 'list',
    },
    formatFlag,
    { flags: '-q, --quiet', description: 'Only display volume names' },
  ],
  examples: [
    'coracle volume ls',
    'coracle volume ls -q --filter label=com.docker.compose.project=shop',
  ],
  async run(context, _args, { filter = [], format, quiet = false }) {
    const engine = await context.engine();
    const { Volumes } = await engine.listVolumes({ filters: parseFilters(filter) });
    if (quiet) context.out(Volumes.map(({ Name }) => `${Name}\n`).join(''));
    else context.out(await renderListing(volumeListing, Volumes.map(volumeRow), format));
    return 0;
  },
});
