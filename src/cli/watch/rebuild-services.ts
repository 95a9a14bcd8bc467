import { projectLabel } from '../../compose/plan/index.ts';
import { AppError } from '../../core/index.ts';
import type { CommandContext, LoadedProject } from '../context.ts';
import type { DiagnosticsError } from '../diagnostics-error.ts';
import { runPlan, withProjectLock } from '../run-plan.ts';
import { selectContainers } from '../select-containers.ts';
import { planProjectUp } from '../up-input.ts';

/** How services are rebuilt. */
export interface RebuildOptions {
  /** Images of the project's builds that nothing names any more are removed. */
  readonly prune: boolean;
  /** Builds show no output. */
  readonly quiet: boolean;
}

/**
 * Builds the images of services anew and replaces the containers whose image is another one then. The old ones run until
 * everything that can fail has been done.
 */
export async function rebuildServices(
  context: CommandContext,
  loaded: LoadedProject,
  services: readonly string[],
  { prune, quiet }: RebuildOptions,
): Promise<void> {
  const { project } = loaded;
  const { buildServices } = await import('../build/build-services.ts');
  await withProjectLock(context, project.name, 'watch', async () => {
    const flags = quiet ? { progress: 'quiet' } : {};
    // One of each kind first: for the others every step is known then.
    const [first, others] = onePerBuild(loaded, services);
    await buildServices(context, loaded, first, flags);
    if (others.length > 0) await buildServices(context, loaded, others, flags);
    await bringUp(context, loaded, services);
    // Also those of earlier rebuilds that did not get this far.
    if (prune) await removeReplaced(context, project.name);
  });
}

/** Services with different builds, and those whose build is the same as one of these. */
function onePerBuild(
  { project }: LoadedProject,
  services: readonly string[],
): [first: string[], others: string[]] {
  const builds = new Map<string, string>();
  for (const service of services) {
    const { build, platform } = project.services[service] ?? {};
    const key = JSON.stringify([build, platform]);
    if (!builds.has(key)) builds.set(key, service);
  }
  const first = [...builds.values()];
  return [first, services.filter((service) => !first.includes(service))];
}

async function bringUp(
  context: CommandContext,
  loaded: LoadedProject,
  services: readonly string[],
): Promise<void> {
  try {
    const plan = await planProjectUp(context, loaded, {
      services,
      withDependencies: false,
      recreate: 'changed',
      recreateDependencies: 'never',
      scale: await replicas(context, loaded, services),
      orphans: 'ignore',
      renewAnonymousVolumes: false,
      start: true,
      allResources: false,
      wait: false,
    });
    await runPlan(context, plan, { loaded, quiet: true });
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'DiagnosticsError') throw error;
    const [first] = (error as DiagnosticsError).diagnostics;
    throw new AppError('WATCH_REBUILD_FAILED', error.message, {
      cause: error,
      details: first?.range === undefined ? {} : { range: first.range },
    });
  }
}

/** As many as there are: a rebuild undoes no `--scale`. */
async function replicas(
  context: CommandContext,
  { project }: LoadedProject,
  services: readonly string[],
): Promise<Record<string, number>> {
  const containers = await selectContainers(context, project.name, { services });
  const counts: Record<string, number> = {};
  for (const { service } of containers) counts[service] = (counts[service] ?? 0) + 1;
  return counts;
}

/** Removes the images of the project's builds that have lost their names. */
async function removeReplaced(context: CommandContext, project: string): Promise<void> {
  const engine = await context.engine();
  const filters = { dangling: ['true'], label: [`${projectLabel}=${project}`] };
  for (const { Id } of await engine.listImages({ filters })) {
    try {
      await engine.getImage(Id).remove();
    } catch (error) {
      // 409: a container holds it; 404: somebody was quicker.
      const status = (error as { statusCode?: unknown }).statusCode;
      if (status !== 409 && status !== 404) throw error;
    }
  }
}
