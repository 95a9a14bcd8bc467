import { resolve } from 'node:path';
import { AppError } from '../../core/index.ts';
import { importImage } from '../../image/index.ts';
import { defineCommand } from '../command.ts';
import { nativeBinary, warnSkippedXattrs } from './image-context.ts';

interface Flags {
  readonly change?: readonly string[];
  readonly message?: string;
}

/** `coracle image import`: a root file system's archive becomes an image of one layer. */
export const imageImport = defineCommand<Flags>({
  name: 'import',
  positional: 'ARCHIVE|- [NAME[:TAG]]',
  summary: 'Make an image from the archive of a root file system',
  flags: [
    {
      flags: '-c, --change <instruction>',
      description: 'Dockerfile instruction to apply (CMD, ENV, EXPOSE, …)',
      kind: 'list',
    },
    { flags: '-m, --message <text>', description: "Comment for the image's history" },
  ],
  examples: [`coracle image import -c 'CMD ["/bin/sh"]' rootfs.tar.gz acme/base:1`],
  async run(context, [archive, name, ...more], flags) {
    if (archive === undefined || more.length > 0) {
      throw new AppError('CLI_USAGE', 'an archive, and at most one name, is needed', {
        hint: "See 'coracle image import --help'.",
      });
    }
    const image = await importImage(archive === '-' ? 0 : resolve(context.host.cwd, archive), {
      roots: context.roots,
      native: nativeBinary(context.host),
      created: new Date(context.host.now()).toISOString(),
      changes: flags.change ?? [],
      comment: flags.message ?? `Imported from ${archive}`,
      ...(name === undefined ? {} : { name }),
    });
    warnSkippedXattrs(context, image.skippedXattrs);
    context.out(`${image.id}\n`);
    return 0;
  },
});
