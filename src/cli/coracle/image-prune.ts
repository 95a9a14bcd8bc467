import { defineCommand } from '../command.ts';
import { formatBytes } from '../text/format-bytes.ts';
import { confirms, forceFlag } from './confirm.ts';
import { pruneFilter, pruneFilterFlag } from './prune/prune-filter.ts';
import { pruneUnusedImages } from './prune/prune-things.ts';

/** `coracle image prune`: images without a name, and what killed or removed ones have left; with `--all` all unused ones. */
export const imagePrune = defineCommand<{
  readonly all?: boolean;
  readonly filter?: readonly string[];
  readonly force?: boolean;
}>({
  name: 'prune',
  positional: '',
  summary: 'Remove unused images',
  flags: [
    { flags: '-a, --all', description: 'Remove all unused images, not just dangling ones' },
    pruneFilterFlag,
    forceFlag,
  ],
  examples: ['coracle image prune', 'coracle image prune -a --filter until=24h'],
  async run(context, _args, { all = false, filter = [], force = false }) {
    const isWanted = pruneFilter(filter, context.host.now());
    const warning = all
      ? 'This will remove all images without at least one container associated to them.'
      : 'This will remove all dangling images.';
    if (!force && !(await confirms(context, warning))) return 0;
    const { removed, bytes } = await pruneUnusedImages(context, all, isWanted);
    if (removed.length > 0) context.out(`Deleted Images:\n${removed.join('\n')}\n\n`);
    context.out(`Total reclaimed space: ${formatBytes(bytes)}\n`);
    return 0;
  },
});
