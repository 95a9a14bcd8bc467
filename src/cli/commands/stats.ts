import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { selectContainers } from '../select-containers.ts';
import { type StatsFlags, showStats, statsFlags } from '../stats/show-stats.ts';

export const statsCommand = defineCommand<StatsFlags>({
  name: 'stats',
  positional: '[SERVICE]',
  summary: 'Display a live stream of container(s) resource usage statistics',
  flags: statsFlags,
  examples: ['compose stats', 'compose stats --no-stream --format json web'],
  async run(context, services, flags) {
    if (services.length > 1) throw new AppError('CLI_USAGE', 'stats takes one service at most');
    const project = await context.projectName();
    return showStats(
      context,
      async () =>
        (await selectContainers(context, project, { services, oneoffs: true }))
          .filter(({ state }) => flags.all || state === 'running' || state === 'paused')
          .map(({ id, name }) => ({ id, name, asked: id })),
      flags,
    );
  },
});
