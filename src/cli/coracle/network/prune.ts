import { defineCommand } from '../../command.ts';
import { confirms, forceFlag } from '../confirm.ts';
import { pruneFilter, pruneFilterFlag } from '../prune/prune-filter.ts';
import { pruneNetworks } from '../prune/prune-things.ts';

export const networkPrune = defineCommand<{
  readonly filter?: readonly string[];
  readonly force?: boolean;
}>({
  name: 'prune',
  positional: '',
  summary: 'Remove all unused networks',
  flags: [pruneFilterFlag, forceFlag],
  examples: ['coracle network prune -f'],
  async run(context, _args, { filter = [], force = false }) {
    const isWanted = pruneFilter(filter, context.host.now());
    const warning = 'This will remove all custom networks not used by at least one container.';
    if (!force && !(await confirms(context, warning))) return 0;
    const { removed } = await pruneNetworks(context, isWanted);
    if (removed.length > 0) context.out(`Deleted Networks:\n${removed.join('\n')}\n\n`);
    return 0;
  },
});
