import { AppError } from '../../core/index.ts';
import { inspectImage } from '../../image/index.ts';
import { defineCommand } from '../command.ts';
import { inspectFormatFlag, printInspected } from '../listing/index.ts';

/** `coracle image inspect IMAGE…`: a JSON array in the shape of Docker's. */
export const imageInspect = defineCommand<{ readonly format?: string }>({
  name: 'inspect',
  positional: 'IMAGE [IMAGE...]',
  summary: 'Show images as JSON',
  flags: [inspectFormatFlag],
  examples: ["coracle image inspect -f '{{json .Config.Env}}' nginx:1.27"],
  async run(context, images, { format }) {
    if (images.length === 0) {
      throw new AppError('CLI_USAGE', 'an image is needed', {
        hint: "See 'coracle image inspect --help'.",
      });
    }
    const found = images.map((image) => inspectImage(context.roots, image));
    context.out(await printInspected(found, format));
    return 0;
  },
});
