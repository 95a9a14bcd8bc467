import { planStart } from '../../../compose/plan/index.ts';
import { defineCommand } from '../../command.ts';
import { runPlan, withProjectLock } from '../../run-plan.ts';
import { byProject, doAll, plainContext } from './projects.ts';

/** `coracle system start`: what a Docker daemon does when it starts, in the order that `depends_on` asks for. */
export const systemStart = defineCommand({
  name: 'start',
  positional: '',
  summary: 'Start the containers that their restart policies want running, as at boot',
  flags: [],
  examples: ['coracle system start', 'coracle --dry-run system start'],
  async run(context) {
    const plain = plainContext(context);
    const engine = await plain.engine();
    try {
      const { projects, others } = byProject(await engine.wantedAtBoot());
      return await doAll(plain, [
        ...[...projects].map(([project, containers]) =>
          withProjectLock(plain, project, 'system start', () =>
            runPlan(
              plain,
              planStart({ project, containers, cause: 'its restart policy' }, { lenient: true }),
            ),
          ),
        ),
        ...(context.options.dryRun ? [] : others.map(({ Id }) => engine.getContainer(Id).start())),
      ]);
    } finally {
      await plain.close();
    }
  },
});
