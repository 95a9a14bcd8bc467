import { orderedServices } from '../../compose/plan/index.ts';
import { AppError } from '../../core/index.ts';
import { pushImage } from '../../image/index.ts';
import { defineCommand } from '../command.ts';
import { layerEvent } from '../images/layer-event.ts';
import { registryOptions } from '../images/registry-options.ts';
import { createRenderer } from '../progress/index.ts';

interface PushFlags {
  readonly ignorePushFailures?: boolean;
  readonly includeDeps?: boolean;
  readonly quiet?: boolean;
}

export const pushCommand = defineCommand<PushFlags>({
  name: 'push',
  positional: '[SERVICE...]',
  summary: 'Push service images',
  flags: [
    {
      flags: '--ignore-push-failures',
      description: 'Push what it can and ignores images with push failures',
    },
    {
      flags: '--include-deps',
      description: 'Also push images of services declared as dependencies',
    },
    { flags: '-q, --quiet', description: 'Push without printing progress information' },
  ],
  examples: ['compose push', 'compose push --ignore-push-failures web'],
  async run(context, services, flags) {
    const { project } = await context.load(services);
    const renderer = createRenderer(
      flags.quiet ? { ...context.options, progress: 'quiet' } : context.options,
      context.host,
    );
    const startMs = context.host.monotonicMs();
    const errors: unknown[] = [];
    const show = (name: string, state: 'working' | 'done' | 'error' | 'skipped', text: string) => {
      const atMs = context.host.monotonicMs() - startMs;
      renderer.event({ resource: { kind: 'Image', name }, state, text, atMs });
    };
    try {
      // One after the other: layers that two images share are then there for the second.
      for (const service of orderedServices(project, services, flags.includeDeps ?? false)) {
        const { image, build } = project.services[service] ?? {};
        // What was not built here came from a registry.
        if (image === undefined || build === undefined) {
          if (image !== undefined) show(image, 'skipped', 'Skipped');
          continue;
        }
        for (const name of new Set([image, ...(build.tags ?? [])])) {
          show(name, 'working', 'Pushing');
          if (context.options.dryRun) continue;
          try {
            await pushImage(name, {
              ...registryOptions(context),
              onProgress: (progress) =>
                renderer.event(layerEvent(progress, context.host.monotonicMs() - startMs)),
            });
            show(name, 'done', 'Pushed');
          } catch (error) {
            show(name, 'error', 'Error');
            errors.push(error);
          }
        }
      }
    } finally {
      renderer.close();
    }
    if (errors.length === 0) return 0;
    if (flags.ignorePushFailures) {
      for (const error of errors) context.err(`warning: ${(error as Error).message}\n`);
      return 0;
    }
    if (errors.length === 1) throw errors[0];
    throw new AppError('PROJECT_OPERATIONS_FAILED', `${errors.length} images could not be pushed`, {
      details: { errors },
    });
  },
});
