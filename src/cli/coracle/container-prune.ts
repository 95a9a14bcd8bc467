import { defineCommand } from '../command.ts';
import { confirms, forceFlag } from './confirm.ts';
import { parseFilters } from './image-filters.ts';

export const containerPrune = defineCommand<{
  readonly filter?: readonly string[];
  readonly force?: boolean;
}>({
  name: 'prune',
  positional: '',
  summary: 'Remove all stopped containers',
  flags: [{ flags: '--filter <key=value>', description: 'label=<label>', kind: 'list' }, forceFlag],
  examples: ['coracle container prune -f'],
  async run(context, _args, { filter = [], force = false }) {
    if (!force && !(await confirms(context, 'This will remove all stopped containers.'))) return 0;
    const engine = await context.engine();
    const stopped = await engine.listContainers({
      all: true,
      filters: { ...parseFilters(filter), status: ['created', 'exited', 'dead'] },
    });
    for (const { Id } of stopped) await engine.getContainer(Id).remove();
    if (stopped.length > 0) {
      context.out(`Deleted Containers:\n${stopped.map(({ Id }) => `${Id}\n`).join('')}\n`);
    }
    context.out(`Total: ${stopped.length} removed\n`);
    return 0;
  },
});
