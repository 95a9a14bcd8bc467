import { PlanBuilder } from '../../compose/plan/index.ts';
import { defineCommand } from '../command.ts';
import { runPlan, withProjectLock } from '../run-plan.ts';
import { selectContainers } from '../select-containers.ts';

interface RmFlags {
  readonly force?: boolean;
  readonly stop?: boolean;
  readonly volumes?: boolean;
}

export const rmCommand = defineCommand<RmFlags>({
  name: 'rm',
  positional: '[SERVICE...]',
  summary: 'Removes stopped service containers',
  flags: [
    { flags: '-f, --force', description: "Don't ask to confirm removal" },
    { flags: '-s, --stop', description: 'Stop the containers, if required, before removing' },
    { flags: '-v, --volumes', description: 'Remove any anonymous volumes attached to containers' },
  ],
  async run(context, services, { force = false, stop = false, volumes = false }) {
    const project = await context.projectName();
    return withProjectLock(context, project, 'rm', async () => {
      const all = await selectContainers(context, project, { services });
      const containers = all.filter(
        ({ state }) => stop || !['running', 'restarting', 'paused'].includes(state),
      );
      if (containers.length === 0) {
        context.err('No stopped containers\n');
        return 0;
      }
      context.out(`Going to remove ${containers.map(({ name }) => name).join(', ')}\n`);
      if (!force && !context.options.dryRun) {
        const answer = await context.host.ask('Are you sure? [yN] ');
        if (!/^y(es)?$/i.test(answer.trim())) return 0;
      }
      const builder = new PlanBuilder(project);
      for (const { id, name, service, state } of containers) {
        const common = { resource: { kind: 'Container', name }, service, cause: 'rm' } as const;
        const stopped = ['running', 'restarting', 'paused'].includes(state)
          ? builder.add({ ...common, action: { kind: 'stopContainer', container: id } })
          : undefined;
        builder.add(
          {
            ...common,
            action: {
              kind: 'removeContainer',
              container: id,
              anonymousVolumes: volumes,
              force: true,
            },
          },
          [stopped],
        );
      }
      await runPlan(context, builder.build());
      return 0;
    });
  },
});
