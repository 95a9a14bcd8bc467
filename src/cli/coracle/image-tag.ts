import { AppError } from '../../core/index.ts';
import { tagImage } from '../../image/index.ts';
import { defineCommand } from '../command.ts';

/** `coracle image tag IMAGE NAME[:TAG]`. */
export const imageTag = defineCommand({
  name: 'tag',
  positional: 'IMAGE NAME[:TAG]',
  summary: 'Give an image one more name',
  flags: [],
  examples: ['coracle tag web:1 registry.example.com/shop/web:1'],
  async run(context, [image, name, ...more]) {
    if (image === undefined || name === undefined || more.length > 0) {
      throw new AppError('CLI_USAGE', 'an image and one name are needed', {
        hint: "See 'coracle image tag --help'.",
      });
    }
    await tagImage(context.roots, image, name);
    return 0;
  },
});
