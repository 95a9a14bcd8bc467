import { treeSize } from '../../../image/index.ts';
import { defineCommand } from '../../command.ts';
import { formatBytes } from '../../text/format-bytes.ts';
import { confirms, forceFlag } from '../confirm.ts';
import { parseFilters } from '../image-filters.ts';

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
    { flags: '--filter <key=value>', description: 'label=<label>', kind: 'list' },
    forceFlag,
  ],
  examples: ['coracle volume prune', 'coracle volume prune -a -f'],
  async run(context, _args, { all = false, filter = [], force = false }) {
    const which = all ? 'all local volumes' : 'anonymous local volumes';
    if (
      !force &&
      !(await confirms(context, `This will remove ${which} not used by at least one container.`))
    ) {
      return 0;
    }
    const engine = await context.engine();
    const { Volumes } = await engine.listVolumes({
      filters: {
        ...parseFilters(filter),
        dangling: ['true'],
        ...(all ? {} : { anonymous: ['true'] }),
      },
    });
    let bytes = 0;
    for (const { Name, Mountpoint } of Volumes) {
      const size = await treeSize(Mountpoint);
      await engine.getVolume(Name).remove();
      bytes += size;
    }
    if (Volumes.length > 0) {
      context.out(`Deleted Volumes:\n${Volumes.map(({ Name }) => `${Name}\n`).join('')}\n`);
    }
    context.out(`Total reclaimed space: ${formatBytes(bytes)}\n`);
    return 0;
  },
});
