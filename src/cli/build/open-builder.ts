import { Builder } from '../../build/index.ts';
import type { CommandContext } from '../context.ts';
import { nativeBinary } from '../coracle/image-context.ts';
import { registryOptions } from '../images/registry-options.ts';

/** The builder of this process: steps run in the engine's containers. */
export async function openBuilder(context: CommandContext): Promise<Builder> {
  const { host, roots } = context;
  const engine = await context.engine();
  return new Builder(
    {
      roots,
      native: nativeBinary(host),
      runStep: (step) => engine.runStep(step),
      pullImage: async (reference, signal) => {
        const { pullImage } = await import('../../image/index.ts');
        await pullImage(reference, {
          ...registryOptions(context),
          ...(signal === undefined ? {} : { signal }),
        });
      },
      registry: registryOptions(context),
      now: host.now,
      monotonicMs: host.monotonicMs,
      env: host.env,
    },
    context.options.parallel,
  );
}
