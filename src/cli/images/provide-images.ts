import type { Service } from '../../compose/model/index.ts';
import { orderedServices } from '../../compose/plan/index.ts';
import { hasImage, lastPulled, parseReference, withDefaultTag } from '../../image/index.ts';
import type { CommandContext, LoadedProject } from '../context.ts';
import { checkImageNames } from '../run-problems.ts';
import type { WantedImage } from './pull-images.ts';
import { wantsPull } from './pull-policy.ts';

export interface ProvideOptions {
  readonly services: readonly string[];
  readonly withDependencies: boolean;
  /** `--pull`: overrides what the services say; `policy` leaves it to them. */
  readonly pull?: string | undefined;
  readonly quiet: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Pulls the images that the services about to start need and that are missing, or that a pull policy wants anew.
 * @throws {AppError} `REGISTRY_…` at the line that names the image
 */
export async function provideImages(
  context: CommandContext,
  loaded: LoadedProject,
  options: ProvideOptions,
): Promise<void> {
  checkImageNames(loaded.project, loaded.origins);
  const { engine } = context.options;
  if (engine !== undefined) {
    const { provideDockerImages } = await import('./provide-docker-images.ts');
    return provideDockerImages(context, engine, loaded, options);
  }
  const { project } = loaded;
  const names = orderedServices(project, options.services, options.withDependencies);
  const services = names.flatMap((name) => withHooks(project.services[name] ?? {}));
  const wanted = imagesToPull(context, services, options.pull);
  if (wanted.length === 0 || context.options.dryRun) return;
  const [{ pullImages, throwPullFailures }, { placeImageFailure }] = await Promise.all([
    import('./pull-images.ts'),
    import('./place-image-failure.ts'),
  ]);
  const failures = await pullImages(context, wanted, {
    quiet: options.quiet,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  throwPullFailures(failures.map((failure) => placeImageFailure(loaded, failure)));
}

/** A service, and the images of its `pre_start` hooks as if they were services: its pull policy is theirs. */
function withHooks(service: Service): Service[] {
  const { pull_policy, pull_refresh_after, platform, pre_start: hooks = [] } = service;
  const common = { pull_policy, pull_refresh_after, platform };
  const own = Object.entries(common).filter(([, value]) => value !== undefined);
  return [
    service,
    ...hooks.flatMap(({ image }) =>
      image === undefined ? [] : [{ image, ...Object.fromEntries(own) } as Service],
    ),
  ];
}

function imagesToPull(
  { roots, host }: CommandContext,
  services: readonly Service[],
  override: string | undefined,
): WantedImage[] {
  const wanted = new Map<string, WantedImage>();
  for (const { image, build, pull_policy, pull_refresh_after, platform } of services) {
    if (image === undefined) continue;
    const policy = override === undefined || override === 'policy' ? pull_policy : override;
    // What a service can build is pulled only where it says so.
    if (build !== undefined && (policy === undefined || policy === 'missing')) continue;
    const isWanted = wantsPull(policy, {
      isStored: hasImage(roots, image),
      pulledMs: lastPulled(roots, withDefaultTag(parseReference(image))),
      nowMs: host.now(),
      refreshAfter: pull_refresh_after,
    });
    if (isWanted) wanted.set(image, { image, platform });
  }
  return [...wanted.values()];
}
