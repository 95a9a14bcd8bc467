import { defineCommand } from '../../command.ts';
import { formatBytes } from '../../text/format-bytes.ts';
import { confirms, forceFlag } from '../confirm.ts';
import { pruneFilter } from '../prune/prune-filter.ts';
import { pruneVolumes } from '../prune/prune-things.ts';

export const volumePrune = defineCommand<{
  readonly all?: boolean;
  readonly filter?: readonly string[];
  readonly force?: boolean;
}>({
  name: 'prune',
  positional: '',
  summary: 'Remove unused local volumes',
  flags: [
    { flags: '-a, --all', description: 'Remove all unused volumes, not just anonymous ones' },
    { flags: '--filter <key=value>', description: 'label=… or label!=…', kind: 'list' },
    forceFlag,
  ],
  examples: ['coracle volume prune', 'coracle volume prune -a -f'],
  async run(context, _args, { all = false, filter = [], force = false }) {
    const isWanted = pruneFilter(filter, context.host.now(), ['label', 'label!']);
    const which = all ? 'all local volumes' : 'anonymous local volumes';
    const warning = `This will remove ${which} not used by at least one container.`;
    if (!force && !(await confirms(context, warning))) return 0;
    const { removed, bytes } = await pruneVolumes(context, all, isWanted);
    if (removed.length > 0) context.out(`Deleted Volumes:\n${removed.join('\n')}\n\n`);
    context.out(`Total reclaimed space: ${formatBytes(bytes)}\n`);
    return 0;
  },
});
