import { AppError } from '../../core/index.ts';
import { inspectImage } from '../../image/index.ts';
import { defineCommand } from '../command.ts';

/** `coracle image inspect IMAGE…`: a JSON array in the shape of Docker's. */
export const imageInspect = defineCommand({
  name: 'inspect',
  positional: 'IMAGE [IMAGE...]',
  summary: 'Show images as JSON',
  flags: [
    { flags: '--format <format>', description: 'Output', choices: ['json'], default: 'json' },
  ],
  async run(context, images) {
    if (images.length === 0) {
      throw new AppError('CLI_USAGE', 'an image is needed', {
        hint: "See 'coracle image inspect --help'.",
      });
    }
    const found = images.map((image) => inspectImage(context.roots, image));
    context.out(`${JSON.stringify(found, null, 4)}\n`);
    return 0;
  },
});
