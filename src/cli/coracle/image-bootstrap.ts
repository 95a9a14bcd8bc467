import { resolve } from 'node:path';
import { AppError } from '../../core/index.ts';
import { bootstrapImage, type CopiedFile } from '../../image/index.ts';
import { defineCommand } from '../command.ts';
import { nativeBinary } from './image-context.ts';

interface Flags {
  readonly include?: readonly string[];
  readonly copy?: readonly string[];
  readonly change?: readonly string[];
  readonly name?: string;
  readonly variant: string;
  readonly quiet?: boolean;
}

/** `coracle image bootstrap debian:bookworm-slim`: a base image without a registry. */
export const imageBootstrap = defineCommand<Flags>({
  name: 'bootstrap',
  positional: 'debian:RELEASE[-slim]|ubuntu:RELEASE[-slim]',
  summary: "Make a base image from the distribution's own packages",
  flags: [
    {
      flags: '--include <packages>',
      description: 'Further packages, comma-separated',
      kind: 'list',
    },
    {
      flags: '--copy <hostpath:path>',
      description: 'File to put into the image, with its mode',
      kind: 'list',
    },
    {
      flags: '-c, --change <instruction>',
      description: 'Dockerfile instruction to apply',
      kind: 'list',
    },
    { flags: '--name <name>', description: 'Name of the image, NAME[:TAG]' },
    {
      flags: '--variant <variant>',
      description: "mmdebstrap's set of packages",
      default: 'minbase',
    },
    { flags: '-q, --quiet', description: 'Only print the id' },
  ],
  examples: [
    'coracle image bootstrap debian:bookworm-slim',
    `coracle image bootstrap debian:bookworm-slim --include nodejs -c 'CMD ["node"]' --name local/node:18`,
  ],
  async run(context, [base, ...more], flags) {
    if (base === undefined || more.length > 0) {
      throw new AppError('CLI_USAGE', 'one distribution and release is needed', {
        hint: "See 'coracle image bootstrap --help'.",
      });
    }
    const { host } = context;
    const image = await bootstrapImage({
      roots: context.roots,
      native: nativeBinary(host),
      base,
      include: flags.include ?? [],
      copies: (flags.copy ?? []).map((text) => parseCopy(text, host.cwd)),
      changes: flags.change ?? [],
      variant: flags.variant,
      env: host.env,
      now: host.now(),
      ...(flags.name === undefined ? {} : { name: flags.name }),
      ...(flags.quiet ? {} : { onProgress: (line) => context.err(`${line}\n`) }),
    });
    if (!flags.quiet && image.reused === 'image') {
      context.err(`${image.reference} was made from the same inputs before and is re-used\n`);
    }
    context.out(`${image.id}\n`);
    return 0;
  },
});

function parseCopy(text: string, cwd: string): CopiedFile {
  const colon = text.lastIndexOf(':');
  const to = text.slice(colon + 1);
  if (colon < 1 || !to.startsWith('/') || to.endsWith('/')) {
    throw new AppError('CLI_USAGE', `copy "${text}" is not HOSTPATH:/PATH/OF/FILE`, {
      hint: 'Name the file in the image by its absolute path.',
    });
  }
  return { from: resolve(cwd, text.slice(0, colon)), to };
}
