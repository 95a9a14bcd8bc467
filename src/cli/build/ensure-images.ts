import { imageName, orderedServices } from '../../compose/plan/index.ts';
import { isAppError } from '../../core/index.ts';
import type { CommandContext, LoadedProject } from '../context.ts';

/** What `up`, `create` and `run` say about building. */
export interface EnsureImagesFlags {
  readonly services: readonly string[];
  readonly withDependencies: boolean;
  /** `--build`: also what is there; `--no-build` (false): nothing. */
  readonly build: boolean | undefined;
  readonly quiet: boolean;
}

/**
 * Builds the images that the services' containers are made from, where they are missing or are asked to be built. Loads the builder only
 * where there is something to build.
 */
export async function ensureBuiltImages(
  context: CommandContext,
  loaded: LoadedProject,
  flags: EnsureImagesFlags,
): Promise<void> {
  const { project } = loaded;
  if (flags.build === false || context.options.dryRun) return;
  const candidates = orderedServices(project, flags.services, flags.withDependencies).filter(
    (service) => project.services[service]?.build !== undefined,
  );
  if (candidates.length === 0) return;
  const wanted: string[] = [];
  for (const service of candidates) {
    const policy = project.services[service]?.pull_policy;
    if (
      flags.build ||
      policy === 'build' ||
      !(await isThere(context, imageName(project, service)))
    ) {
      wanted.push(service);
    }
  }
  if (wanted.length === 0) return;
  const { buildServices } = await import('./build-services.ts');
  await buildServices(context, loaded, wanted, flags.quiet ? { progress: 'quiet' } : {});
}

async function isThere(context: CommandContext, image: string): Promise<boolean> {
  const engine = await context.engine();
  try {
    await engine.getImage(image).inspect();
    return true;
  } catch (error) {
    if (isAppError(error, 'IMAGE_NOT_FOUND')) return false;
    throw error;
  }
}
