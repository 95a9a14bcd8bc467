import { createWriteStream, renameSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../../core/index.ts';
import { saveImages } from '../../image/index.ts';
import { defineCommand } from '../command.ts';

/** `coracle save IMAGE…`. */
export const imageSave = defineCommand<{ readonly output?: string }>({
  name: 'save',
  positional: 'IMAGE [IMAGE...]',
  summary: 'Save one or more images to a tar archive',
  flags: [{ flags: '-o, --output <file>', description: 'Write to a file, instead of STDOUT' }],
  examples: ['coracle save -o app.tar app:1 db:1', 'coracle save app:1 | ssh host coracle load'],
  async run({ host, roots }, names, { output }) {
    if (names.length === 0) throw new AppError('CLI_USAGE', 'save needs an image');
    if (output === undefined && host.stdout.isTTY) {
      throw new AppError('CLI_USAGE', 'cowardly refusing to save to a terminal', {
        hint: 'Use the -o flag or redirect.',
      });
    }
    const archive = Readable.from(saveImages(roots, names), { objectMode: false });
    if (output === undefined) {
      for await (const chunk of archive) host.stdout.write(chunk as Buffer);
      return 0;
    }
    const path = resolve(host.cwd, output);
    // Under its name there is a whole archive, or what was there before.
    const unfinished = `${path}.${process.pid}.part`;
    try {
      await pipeline(archive, createWriteStream(unfinished, { flags: 'wx', mode: 0o600 }));
      renameSync(unfinished, path);
    } catch (error) {
      rmSync(unfinished, { force: true });
      throw error;
    }
    return 0;
  },
});
