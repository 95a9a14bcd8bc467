import { imageId } from '../../compose/observe/index.ts';
import { orderedServices } from '../../compose/plan/index.ts';
import type { CommandContext, LoadedProject } from '../context.ts';
import { createRenderer } from '../progress/index.ts';
import { placeImageFailure } from './place-image-failure.ts';
import type { ProvideOptions } from './provide-images.ts';
import { type PullFailure, throwPullFailures, type WantedImage } from './pull-images.ts';
import { wantsPull } from './pull-policy.ts';

/** The same for a Docker Engine: it looks into its own store, and pulls by itself. */
export async function provideDockerImages(
  context: CommandContext,
  address: string,
  loaded: LoadedProject,
  { services, withDependencies, pull: override, quiet, signal }: ProvideOptions,
): Promise<void> {
  const engine = await context.engine();
  const wanted = new Map<string, WantedImage>();
  for (const name of orderedServices(loaded.project, services, withDependencies)) {
    const { image, platform, pull_policy, pull_refresh_after } =
      loaded.project.services[name] ?? {};
    if (image === undefined) continue;
    const policy = override === undefined || override === 'policy' ? pull_policy : override;
    const isStored = (await imageId(engine, image)) !== undefined;
    const age = { isStored, pulledMs: undefined, nowMs: context.host.now() };
    if (wantsPull(policy, { ...age, refreshAfter: pull_refresh_after })) {
      wanted.set(image, { image, platform });
    }
  }
  if (wanted.size === 0 || context.options.dryRun) return;
  const { dockerPull } = await import('../../engine/docker/index.ts');
  const renderer = createRenderer(
    quiet ? { ...context.options, progress: 'quiet' } : context.options,
    context.host,
  );
  const failures: PullFailure[] = [];
  const startMs = context.host.monotonicMs();
  const pull = async (one: WantedImage) => {
    const show = (state: 'working' | 'done' | 'error', text: string) => {
      const atMs = context.host.monotonicMs() - startMs;
      renderer.event({ resource: { kind: 'Image', name: one.image }, state, text, atMs });
    };
    show('working', 'Pulling');
    try {
      const { platform } = one;
      await dockerPull(address, one.image, {
        platform,
        ...(signal === undefined ? {} : { signal }),
      });
      show('done', 'Pulled');
    } catch (error) {
      failures.push({ wanted: one, error });
      show('error', 'Error');
    }
  };
  try {
    await Promise.all([...wanted.values()].map(pull));
  } finally {
    renderer.close();
  }
  throwPullFailures(failures.map((failure) => placeImageFailure(loaded, failure)));
}
