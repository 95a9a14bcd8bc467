import { AppError } from '../../core/index.ts';
import {
  formatFamiliar,
  formatReference,
  parsePlatform,
  parseReference,
  pullImage,
  withDefaultTag,
} from '../../image/index.ts';
import { defineCommand } from '../command.ts';
import { layerDisplay } from '../images/layer-display.ts';
import { registryOptions } from '../images/registry-options.ts';

interface Flags {
  readonly platform?: string;
  readonly quiet?: boolean;
}

/** `coracle pull NAME[:TAG|@DIGEST]`. */
export const imagePull = defineCommand<Flags>({
  name: 'pull',
  positional: 'NAME[:TAG|@DIGEST]',
  summary: 'Download an image from a registry',
  flags: [
    {
      flags: '--platform <platform>',
      description: 'Image for another platform: os/arch[/variant]',
    },
    { flags: '-q, --quiet', description: 'Only print the name' },
  ],
  examples: ['coracle pull nginx:1.27', 'coracle pull localhost:5000/app@sha256:…'],
  async run(context, [name, ...more], { platform, quiet = false }) {
    if (name === undefined || more.length > 0) {
      throw new AppError('CLI_USAGE', 'pull needs one image name');
    }
    const reference = withDefaultTag(parseReference(name));
    if (reference.tag === 'latest' && !/:latest$/.test(name) && !quiet) {
      context.out('Using default tag: latest\n');
    }
    if (!quiet) {
      const what = reference.digest ?? reference.tag;
      context.out(`${what}: Pulling from ${reference.repository}\n`);
    }
    const display = layerDisplay(context, quiet);
    const pulled = await pullImage(name, {
      ...registryOptions(context),
      ...(platform === undefined ? {} : { platform: parsePlatform(platform) }),
      onProgress: display.show,
    }).finally(display.close);
    if (!quiet) {
      const status = pulled.isNew ? 'Downloaded newer image' : 'Image is up to date';
      context.out(`Digest: ${pulled.digest}\nStatus: ${status} for ${formatFamiliar(reference)}\n`);
    }
    context.out(`${formatReference(reference)}\n`);
    return 0;
  },
});
