import { defineCommand } from '../command.ts';
import { runPlan, withProjectLock } from '../run-plan.ts';
import { parseScale, planProjectUp } from '../up-input.ts';
import { orphanPolicy, recreatePolicy } from './up.ts';
import { imageFlags, recreateFlags, rejectUnsupportedFlags, type UpFlags } from './up-flags.ts';

export const createCommand = defineCommand<UpFlags>({
  name: 'create',
  positional: '[SERVICE...]',
  summary: 'Create containers for a service',
  flags: [
    ...recreateFlags.filter(({ flags }) => !/always-recreate-deps|renew-anon/.test(flags)),
    ...imageFlags,
    { flags: '-y, --yes', description: 'Assume "yes" to all prompts' },
  ],
  async run(context, services, flags) {
    rejectUnsupportedFlags(flags);
    const loaded = await context.load(services);
    await withProjectLock(context, loaded.project.name, 'create', async () => {
      const plan = await planProjectUp(context, loaded, {
        services,
        withDependencies: true,
        recreate: recreatePolicy(flags),
        recreateDependencies: flags.recreate ? 'changed' : 'never',
        scale: parseScale(flags.scale ?? []),
        orphans: orphanPolicy(context, flags.removeOrphans ?? false),
        renewAnonymousVolumes: false,
        start: false,
        allResources: context.options.allResources,
        wait: false,
      });
      await runPlan(context, plan, { loaded });
    });
    return 0;
  },
});
