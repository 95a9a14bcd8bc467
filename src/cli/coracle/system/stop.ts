import { isAlive, planBackwards } from '../../../compose/plan/index.ts';
import { defineCommand } from '../../command.ts';
import { runPlan, withProjectLock } from '../../run-plan.ts';
import { byProject, doAll, plainContext } from './projects.ts';

/** `coracle system stop`: what comes before the machine goes down. */
export const systemStop = defineCommand({
  name: 'stop',
  positional: '',
  summary: 'Stop all containers, as at shutdown: the next system start brings them back',
  flags: [],
  examples: ['coracle system stop && coracle system start'],
  async run(context) {
    const plain = plainContext(context);
    const engine = await plain.engine();
    try {
      const { projects, others } = byProject(await engine.listContainers());
      return await doAll(plain, [
        ...[...projects].map(([project, containers]) =>
          withProjectLock(plain, project, 'system stop', () =>
            runPlan(
              plain,
              planBackwards(
                {
                  project,
                  containers: containers.filter(({ state }) => isAlive(state)),
                  cause: 'the machine goes down',
                },
                ({ id }) => ({ kind: 'stopContainer', container: id, shutdown: true }),
              ),
            ),
          ),
        ),
        ...(context.options.dryRun
          ? []
          : others.map(({ Id }) => engine.getContainer(Id).stop({ shutdown: true }))),
      ]);
    } finally {
      await plain.close();
    }
  },
});
