import { existsSync, rmSync } from 'node:fs';
import { imageName, type ObservedProject, planDown } from '../../compose/plan/index.ts';
import { defineCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { isTrue } from '../global-flags.ts';
import { fileMentions } from '../project-name.ts';
import { printWarning, runPlan, withProjectLock } from '../run-plan.ts';
import { traceFlag } from '../trace/trace-flag.ts';
import { observe } from '../up-input.ts';

interface DownFlags {
  readonly removeOrphans?: boolean;
  readonly rmi?: 'local' | 'all';
  readonly timeout?: number;
  readonly volumes?: boolean;
}

export const downCommand = defineCommand<DownFlags>({
  name: 'down',
  positional: '[SERVICE...]',
  summary: 'Stop and remove containers, networks',
  flags: [
    {
      flags: '--remove-orphans',
      description: 'Remove containers for services not defined in the compose file',
    },
    {
      flags: '--rmi <which>',
      description: 'Remove images used by services; "local" only those without a name of their own',
      choices: ['local', 'all'],
    },
    {
      flags: '-t, --timeout <seconds>',
      description: 'Seconds before a container that is stopped is killed',
      kind: 'integer',
    },
    traceFlag,
    {
      flags: '-v, --volumes',
      description: 'Remove named volumes and anonymous volumes of containers',
    },
  ],
  examples: ['compose down', 'compose down -v --remove-orphans', 'compose down --rmi local'],
  async run(context, services, flags) {
    const project = await context.projectName();
    await withProjectLock(context, project, 'down', async () => {
      const observed = await observe(context, project);
      const known = await knownServices(context, observed, flags);
      const images = services.length > 0 ? [] : await imagesToRemove(context, observed, flags.rmi);
      const request = {
        project,
        services,
        volumes: flags.volumes ?? false,
        images,
        ...(flags.timeout === undefined ? {} : { timeoutS: flags.timeout }),
        ...(known === undefined ? {} : { knownServices: known }),
      };
      const plan = context.during('plan', () => planDown(observed, request));
      if (plan.operations.length === 0 && context.options.projectName !== undefined) {
        printWarning(context, `No resource found to remove for project "${project}".`);
      }
      // First, or it would bring files to containers that are about to go.
      if (services.length === 0 && !context.options.dryRun) await endWatch(context, project);
      await runPlan(context, plan);
      if (services.length > 0 || context.options.dryRun) return;
      removeCopies(context, project);
      // A command that was killed may have left what carries no label of the project yet.
      const engine = await context.engine();
      await context.during('clean up', () => engine.repair());
    });
    return 0;
  },
});

async function endWatch(context: CommandContext, project: string): Promise<void> {
  if (!existsSync(`${context.roots.run}/watch`)) return;
  const { stopBackgroundWatch } = await import('../watch/background-watch.ts');
  await stopBackgroundWatch(context, project);
}

/**
 * Without a file everything that carries the project's label goes. With one, services that it does not have are orphans,
 * which stay unless asked for; YAML is read only where the file's text does not name all that there is.
 */
async function knownServices(
  context: CommandContext,
  observed: ObservedProject,
  { removeOrphans }: DownFlags,
): Promise<ReadonlySet<string> | undefined> {
  if (removeOrphans || isTrue(context.host.env.COMPOSE_REMOVE_ORPHANS)) return undefined;
  if (context.options.projectName !== undefined && context.options.files.length === 0) {
    return undefined;
  }
  const mentioned = new Set(
    observed.containers.filter(({ oneoff }) => !oneoff).map(({ service }) => service),
  );
  if (mentioned.size === 0 || fileMentions(context.options, context.host, mentioned))
    return undefined;
  const { project, disabledServices } = await context.load();
  const declared = new Set([...Object.keys(project.services), ...disabledServices]);
  const orphans = [...mentioned].filter((service) => !declared.has(service));
  if (orphans.length > 0) {
    printWarning(
      context,
      `Found orphan containers of services (${orphans.join(', ')}) for this project; --remove-orphans removes them too.`,
    );
  }
  return declared;
}

async function imagesToRemove(
  context: CommandContext,
  observed: ObservedProject,
  which: DownFlags['rmi'],
): Promise<string[]> {
  if (which === undefined) return [];
  if (which === 'all') {
    return [...new Set(observed.containers.map(({ info }) => info.Image))];
  }
  const { project } = await context.load();
  return Object.entries(project.services)
    .filter(([, { image, build }]) => image === undefined && build !== undefined)
    .map(([name]) => imageName(project, name));
}

/** Copies of configs and secrets are no use without containers, and secrets should not outlive them. */
function removeCopies(context: CommandContext, project: string): void {
  for (const kind of ['configs', 'secrets']) {
    rmSync(`${context.projectFolder(project)}/${kind}`, { recursive: true, force: true });
  }
}
