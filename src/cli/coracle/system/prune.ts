import { AppError } from '../../../core/index.ts';
import { defineCommand } from '../../command.ts';
import type { CommandContext } from '../../context.ts';
import { formatBytes } from '../../text/format-bytes.ts';
import { confirms, forceFlag } from '../confirm.ts';
import { pruneFilter, pruneFilterFlag } from '../prune/prune-filter.ts';
import {
  type Pruned,
  pruneContainers,
  pruneNetworks,
  pruneUnusedImages,
  pruneVolumes,
} from '../prune/prune-things.ts';

interface Flags {
  readonly all?: boolean;
  readonly filter?: readonly string[];
  readonly force?: boolean;
  readonly volumes?: boolean;
}

/** `coracle system prune`: one kind after the other, so that each frees what the next may remove. */
export const systemPrune = defineCommand<Flags>({
  name: 'prune',
  positional: '',
  summary: 'Remove unused data',
  flags: [
    { flags: '-a, --all', description: 'Remove all unused images, not just dangling ones' },
    pruneFilterFlag,
    forceFlag,
    { flags: '--volumes', description: 'Prune anonymous volumes' },
  ],
  examples: ['coracle system prune', 'coracle system prune -af --volumes'],
  async run(context, _args, { all = false, filter = [], force = false, volumes = false }) {
    const isWanted = pruneFilter(filter, context.host.now());
    const isFiltered = filter.length > 0;
    if (volumes && filter.some((text) => text.startsWith('until='))) {
      throw new AppError('CLI_USAGE', 'the "until" filter is not supported with "--volumes"');
    }
    if (!force && !(await confirms(context, warning(all, volumes, filter)))) return 0;
    let total = 0;
    const tell = (title: string, { removed, bytes }: Pruned) => {
      total += bytes;
      if (removed.length > 0) context.out(`Deleted ${title}:\n${removed.join('\n')}\n\n`);
    };
    tell('Containers', await pruneContainers(context, isWanted));
    tell('Networks', await pruneNetworks(context, isWanted));
    if (volumes) tell('Volumes', await pruneVolumes(context, false, isWanted));
    // Before the images, whose layers it holds; told after them, as in Docker. A filter spares what has no labels.
    const cache = isFiltered ? { removed: [], bytes: 0 } : await pruneCache(context, all);
    tell('Images', await pruneUnusedImages(context, all, isWanted));
    tell('build cache objects', cache);
    context.out(`Total reclaimed space: ${formatBytes(total)}\n`);
    return 0;
  },
});

async function pruneCache(context: CommandContext, all: boolean): Promise<Pruned> {
  const { pruneBuildCache } = await import('../../../build/index.ts');
  const { removed, bytes } = await pruneBuildCache(context.roots, { all });
  return { removed: removed.map(({ id }) => id), bytes };
}

function warning(all: boolean, volumes: boolean, filter: readonly string[]): string {
  const lines = [
    'all stopped containers',
    'all networks not used by at least one container',
    ...(volumes ? ['all anonymous volumes not used by at least one container'] : []),
    all ? 'all images without at least one container associated to them' : 'all dangling images',
    ...(filter.length > 0 ? [] : [all ? 'all build cache' : 'unused build cache']),
  ];
  const filtered =
    filter.length === 0
      ? ''
      : `\n  Items to be pruned will be filtered with:\n${filter.map((text) => `  - ${text}\n`).join('')}`;
  return `This will remove:\n${lines.map((line) => `  - ${line}\n`).join('')}${filtered}`;
}
