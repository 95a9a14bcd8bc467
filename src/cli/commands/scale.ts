import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { runPlan, withProjectLock } from '../run-plan.ts';
import { traceFlag } from '../trace/trace-flag.ts';
import { planProjectUp } from '../up-input.ts';
import { parseScale } from '../up-request.ts';

interface ScaleFlags {
  readonly deps: boolean;
}

export const scaleCommand = defineCommand<ScaleFlags>({
  name: 'scale',
  positional: 'SERVICE=REPLICAS...',
  summary: 'Scale services',
  flags: [{ flags: '--no-deps', description: "Don't start linked services" }, traceFlag],
  examples: ['compose scale web=3 worker=2'],
  async run(context, args, flags) {
    if (args.length === 0) throw new AppError('CLI_USAGE', 'scale needs SERVICE=REPLICAS');
    const scale = parseScale(args);
    const services = Object.keys(scale);
    const loaded = await context.load(services);
    await withProjectLock(context, loaded.project.name, 'scale', async () => {
      const plan = await planProjectUp(context, loaded, {
        services,
        withDependencies: flags.deps,
        recreate: 'never',
        recreateDependencies: 'never',
        scale,
        orphans: 'ignore',
        renewAnonymousVolumes: false,
        start: true,
        allResources: context.options.allResources,
        wait: false,
      });
      await runPlan(context, plan, { loaded });
    });
    return 0;
  },
});
