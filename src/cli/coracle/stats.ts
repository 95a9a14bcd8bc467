import { defineCommand } from '../command.ts';
import { type StatsFlags, showStats, statsFlags } from '../stats/show-stats.ts';

export const statsCommand = defineCommand<StatsFlags>({
  name: 'stats',
  positional: '[CONTAINER...]',
  summary: 'Display a live stream of container(s) resource usage statistics',
  flags: statsFlags,
  examples: ["coracle stats --no-stream --format '{{.Name}} {{.MemUsage}}'"],
  async run(context, names, flags) {
    const engine = await context.engine();
    const named = async () =>
      Promise.all(
        names.map(async (name) => {
          const { Id, Name } = await engine.getContainer(name).inspect();
          return { id: Id, name: Name.slice(1), asked: Id.slice(0, 12) };
        }),
      );
    const listed = async () =>
      (await engine.listContainers({ all: flags.all ?? false })).map(({ Id, Names }) => ({
        id: Id,
        name: (Names[0] ?? '').slice(1),
        asked: Id.slice(0, 12),
      }));
    return showStats(context, names.length > 0 ? named : listed, flags);
  },
});
