import { resolve } from 'node:path';
import { AppError } from '../../core/index.ts';
import { loadImages } from '../../image/index.ts';
import { defineCommand } from '../command.ts';
import { nativeBinary } from './image-context.ts';

interface Flags {
  readonly input?: string;
  readonly quiet?: boolean;
}

/** `coracle image load`: images from an archive of `docker save` or an OCI layout. */
export const imageLoad = defineCommand<Flags>({
  name: 'load',
  positional: '',
  summary: 'Load images from an archive of docker save or an OCI layout',
  flags: [
    { flags: '-i, --input <file>', description: 'Read from a file instead of standard input' },
    { flags: '-q, --quiet', description: 'Only print ids' },
  ],
  examples: ['coracle load -i images.tar', 'docker save nginx:1.27 | coracle load'],
  async run(context, args, flags) {
    const { host } = context;
    if (args.length > 0 || (flags.input === undefined && host.stdinIsTTY)) {
      throw new AppError('CLI_USAGE', 'an archive is needed, by --input or on standard input', {
        hint: "See 'coracle image load --help'.",
      });
    }
    const source = flags.input === undefined ? 0 : resolve(host.cwd, flags.input);
    const images = await loadImages(source, {
      roots: context.roots,
      native: nativeBinary(host),
    });
    for (const { id, references } of images) {
      if (flags.quiet) context.out(`${id}\n`);
      else if (references.length === 0) context.out(`Loaded image ID: ${id}\n`);
      for (const reference of flags.quiet ? [] : references) {
        context.out(`Loaded image: ${reference}\n`);
      }
    }
    return 0;
  },
});
