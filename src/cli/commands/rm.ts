import { isAlive, PlanBuilder, planRemoval } from '../../compose/plan/index.ts';
import { defineCommand } from '../command.ts';
import { runPlan, withProjectLock } from '../run-plan.ts';
import { selectContainers } from '../select-containers.ts';
import { traceFlag } from '../trace/trace-flag.ts';

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
    traceFlag,
    { flags: '-v, --volumes', description: 'Remove any anonymous volumes attached to containers' },
    { flags: '-a, --all', description: 'Has no effect', hidden: true },
  ],
  examples: ['compose rm', 'compose rm -fsv worker'],
  async run(context, services, { force = false, stop = false, volumes = false }) {
    const project = await context.projectName();
    return withProjectLock(context, project, 'rm', async () => {
      const all = await selectContainers(context, project, { services });
      const containers = all.filter(({ state }) => stop || !isAlive(state));
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
      for (const container of containers) {
        planRemoval(builder, container, { cause: 'rm', anonymousVolumes: volumes });
      }
      await runPlan(context, builder.build());
      return 0;
    });
  },
});
