import type { PullOptions } from '../../image/index.ts';
import type { CommandContext } from '../context.ts';
import { nativeBinary } from '../coracle/image-context.ts';

/** How this process reaches registries and where it puts what they give. */
export function registryOptions({ host, roots, options }: CommandContext): PullOptions {
  return {
    roots,
    native: nativeBinary(host),
    env: host.env,
    insecure: options.insecureRegistries,
    now: host.now,
  };
}
