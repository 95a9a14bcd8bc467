import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { planForwards, withRestartedDependants } from '../../compose/plan/index.ts';
import { Watch, type WatchEvent } from '../../watch/index.ts';
import type { CommandContext, LoadedProject } from '../context.ts';
import { nativeFolder } from '../open-engine.ts';
import { runPlan, withProjectLock } from '../run-plan.ts';
import { selectContainers } from '../select-containers.ts';
import { rebuildServices } from './rebuild-services.ts';

export interface ProjectWatchOptions {
  /** Named services; all that have rules when empty. */
  readonly services: readonly string[];
  /** Images that a rebuild replaces are removed. */
  readonly prune: boolean;
  /** A rebuild shows no output. */
  readonly quiet: boolean;
  readonly emit: (event: WatchEvent) => void;
}

/**
 * The watch of a loaded project; nothing is watched before it is started.
 * @throws {AppError} `WATCH_NOT_CONFIGURED`
 */
export async function openProjectWatch(
  context: CommandContext,
  loaded: LoadedProject,
  options: ProjectWatchOptions,
): Promise<Watch> {
  const { project, origins, workingDir } = loaded;
  return new Watch({
    project,
    services: options.services,
    workingDir,
    origin: (path) => origins.origin(path),
    readFile,
    engine: await context.engine(),
    nativeBinary: join(nativeFolder(context.host), 'coracle-runtime'),
    now: context.host.now,
    monotonicMs: context.host.monotonicMs,
    restart: (service) => restartService(context, project.name, service),
    rebuild: (services) => rebuildServices(context, loaded, services, options),
    emit: options.emit,
  });
}

/** The service's containers, and those of services that ask to be restarted with it. */
async function restartService(
  context: CommandContext,
  project: string,
  service: string,
): Promise<void> {
  await withProjectLock(context, project, 'watch', async () => {
    const all = await selectContainers(context, project, { services: [] });
    const named = all.filter((container) => container.service === service);
    const containers = withRestartedDependants(named, all);
    const plan = planForwards({ project, containers, cause: 'files changed' }, ({ id }) => ({
      kind: 'restartContainer',
      container: id,
    }));
    await runPlan(context, plan, { quiet: true });
  });
}

function readFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // ENOENT mostly; a file that cannot be read has no patterns to give.
    return undefined;
  }
}
