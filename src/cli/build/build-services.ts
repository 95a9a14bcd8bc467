import type { BuildOptions, BuiltImage } from '../../build/index.ts';
import { imageName } from '../../compose/plan/index.ts';
import type { CommandContext, LoadedProject } from '../context.ts';
import { buildDependencies, neededBuilds } from './build-order.ts';
import type { BuildRenderer } from './build-progress.ts';
import { createBuildRenderer } from './build-renderer.ts';
import { withContextServices } from './context-services.ts';
import { openBuilder } from './open-builder.ts';
import { printLint } from './print-lint.ts';
import { type BuildFlags, serviceBuildOptions } from './service-options.ts';
import { withAbort } from './with-abort.ts';

/** How services are built. */
export interface BuildServicesOptions extends BuildFlags {
  /** `quiet` and the other kinds of `--progress`; the global flag's where left out. */
  readonly progress?: string;
  /** Also the services whose images they are built from. */
  readonly withDependencies?: boolean;
}

/**
 * Builds the images of services, side by side, each after those that it is built from.
 * @param services  all have a `build`.
 * @returns the images by service.
 * @throws {AppError} the first failure, after what was under way has ended.
 */
export async function buildServices(
  context: CommandContext,
  asked: LoadedProject,
  services: readonly string[],
  flags: BuildServicesOptions = {},
): Promise<Map<string, BuiltImage>> {
  const loaded = await withContextServices(context, asked);
  const { project } = loaded;
  const wanted = neededBuilds(project, services);
  const options = new Map(
    wanted.map((service): [string, BuildOptions] => [
      service,
      serviceBuildOptions(loaded, service, flags, context.host.env),
    ]),
  );
  const dependencies = buildDependencies(project, options);
  if (context.options.dryRun) {
    printDryRun(context, loaded, wanted);
    return new Map();
  }
  const builder = await openBuilder(context);
  const renderer = createBuildRenderer(context, flags.progress);
  const built = new Map<string, Promise<BuiltImage>>();
  const build = (service: string, signal: AbortSignal): Promise<BuiltImage> => {
    const started =
      built.get(service) ??
      (async () => {
        const before = [...(dependencies.get(service) ?? [])];
        await Promise.all(before.map((other) => build(other, signal)));
        return builder.build({
          ...(options.get(service) as BuildOptions),
          signal,
          onProgress: (event) => renderer.event(service, event),
        });
      })();
    built.set(service, started);
    return started;
  };
  return withAbort(context, async (signal) => {
    const stop = new AbortController();
    const both = AbortSignal.any([signal, stop.signal]);
    try {
      return await settled(wanted, (service) => build(service, both), stop);
    } finally {
      closeAndName(context, renderer, loaded, built, flags);
    }
  });
}

/** What would be built; every Dockerfile has been read by now. */
function printDryRun(
  context: CommandContext,
  { project }: LoadedProject,
  services: readonly string[],
): void {
  for (const service of services) {
    context.err(` DRY-RUN MODE -  Image ${imageName(project, service)}  Building\n`);
  }
}

/** Waits for all; the first failure stops the others and is the one that is told. */
async function settled(
  services: readonly string[],
  build: (service: string) => Promise<BuiltImage>,
  stop: AbortController,
): Promise<Map<string, BuiltImage>> {
  let first: { readonly error: unknown } | undefined;
  const images = new Map<string, BuiltImage>();
  await Promise.all(
    services.map(async (service) => {
      try {
        images.set(service, await build(service));
      } catch (error) {
        first ??= { error };
        stop.abort();
      }
    }),
  );
  if (first !== undefined) throw first.error;
  return images;
}

const finished = new WeakSet<BuildRenderer>();

function closeAndName(
  context: CommandContext,
  renderer: BuildRenderer,
  { project }: LoadedProject,
  built: ReadonlyMap<string, Promise<BuiltImage>>,
  flags: BuildServicesOptions,
): void {
  if (finished.has(renderer)) return;
  finished.add(renderer);
  renderer.close();
  const progress = flags.progress ?? context.options.progress;
  if (progress === 'quiet') return;
  for (const [service, image] of built) {
    const name = imageName(project, service);
    void image.then(
      ({ warnings }) => {
        const isJson = progress === 'json' || progress === 'rawjson';
        if (!isJson) printLint(context, warnings);
        context.err(
          isJson
            ? `${JSON.stringify({ id: `Image ${name}`, status: 'Done', text: 'Built' })}\n`
            : ` Image ${name}  Built\n`,
        );
      },
      () => undefined,
    );
  }
}
