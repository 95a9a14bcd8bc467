import { defineCommand } from '../command.ts';
import { formatBytes } from '../text/format-bytes.ts';
import { confirms, forceFlag } from './confirm.ts';
import { pruneFilter, pruneFilterFlag } from './prune/prune-filter.ts';
import { pruneContainers } from './prune/prune-things.ts';

export const containerPrune = defineCommand<{
  readonly filter?: readonly string[];
  readonly force?: boolean;
}>({
  name: 'prune',
  positional: '',
  summary: 'Remove all stopped containers',
  flags: [pruneFilterFlag, forceFlag],
  examples: ['coracle container prune -f', 'coracle container prune --filter until=24h'],
  async run(context, _args, { filter = [], force = false }) {
    const isWanted = pruneFilter(filter, context.host.now());
    if (!force && !(await confirms(context, 'This will remove all stopped containers.'))) return 0;
    const { removed, bytes } = await pruneContainers(context, isWanted);
    if (removed.length > 0) context.out(`Deleted Containers:\n${removed.join('\n')}\n\n`);
    context.out(`Total reclaimed space: ${formatBytes(bytes)}\n`);
    return 0;
  },
});
