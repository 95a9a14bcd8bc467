import { observeProject } from '../../compose/observe/index.ts';
import { planDown } from '../../compose/plan/index.ts';
import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { runPlan, withProjectLock } from '../run-plan.ts';
import { selectContainers } from '../select-containers.ts';

interface WaitFlags {
  readonly downProject?: boolean;
}

export const waitCommand = defineCommand<WaitFlags>({
  name: 'wait',
  positional: 'SERVICE [SERVICE...]',
  summary: 'Block until containers of all (or specified) services stop',
  flags: [{ flags: '--down-project', description: 'Drops project when the first container stops' }],
  examples: ['compose wait migration', 'compose wait --down-project test'],
  async run(context, services, { downProject = false }) {
    if (services.length === 0) throw new AppError('CLI_USAGE', 'wait needs a service');
    const project = await context.projectName();
    const containers = await selectContainers(context, project, { services });
    if (containers.length === 0) {
      throw new AppError('PROJECT_NO_CONTAINERS', `no containers for project "${project}"`);
    }
    const engine = await context.engine();
    const ends = containers.map(async ({ id, name, state }) => {
      const { StatusCode } =
        state === 'exited'
          ? { StatusCode: (await engine.getContainer(id).inspect()).State.ExitCode }
          : await engine.getContainer(id).wait();
      context.out(`container "${name}" exited with status code ${StatusCode}\n`);
      return StatusCode;
    });
    const exitCode = downProject
      ? await Promise.race(ends)
      : ((await Promise.all(ends)).find((code) => code !== 0) ?? 0);
    if (downProject) {
      await withProjectLock(context, project, 'wait', async () => {
        const observed = await observeProject(engine, project);
        await runPlan(
          context,
          planDown(observed, { project, services: [], volumes: false, images: [] }),
        );
      });
    }
    return exitCode;
  },
});
