import { ensureBuiltImages } from '../build/ensure-images.ts';
import { defineCommand } from '../command.ts';
import { provideImages } from '../images/provide-images.ts';
import { runPlan, withProjectLock } from '../run-plan.ts';
import { traceFlag } from '../trace/trace-flag.ts';
import { planProjectUp } from '../up-input.ts';
import { upRequest } from '../up-request.ts';
import { imageFlags, recreateFlags, type UpFlags } from './up-flags.ts';

export const createCommand = defineCommand<UpFlags>({
  name: 'create',
  positional: '[SERVICE...]',
  summary: 'Create containers for a service',
  flags: [
    ...recreateFlags.filter(({ flags }) => !/always-recreate-deps|renew-anon/.test(flags)),
    ...imageFlags,
    traceFlag,
    { flags: '-y, --yes', description: 'Assume "yes" to all prompts' },
  ],
  examples: ['compose create', 'compose create --build --scale worker=3'],
  async run(context, services, flags) {
    const loaded = await context.load(services);
    await withProjectLock(context, loaded.project.name, 'create', async () => {
      const request = upRequest(context, services, { ...flags, deps: true, start: false });
      await provideImages(context, loaded, {
        services,
        withDependencies: true,
        pull: flags.pull,
        quiet: flags.quietPull ?? false,
      });
      await ensureBuiltImages(context, loaded, {
        services: services,
        withDependencies: true,
        build: flags.build,
        quiet: flags.quietBuild ?? false,
      });
      const missing = context.options.dryRun && flags.build !== false ? 'planned' : 'error';
      const plan = await planProjectUp(context, loaded, request, missing);
      await runPlan(context, plan, { loaded });
    });
    return 0;
  },
});
