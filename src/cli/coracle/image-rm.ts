import { AppError } from '../../core/index.ts';
import { removeImage } from '../../image/index.ts';
import { defineCommand } from '../command.ts';

interface Flags {
  readonly force?: boolean;
}

/** `coracle image rm IMAGE…`: goes on after a failure and reports all. */
export const imageRm = defineCommand<Flags>({
  name: 'rm',
  positional: 'IMAGE [IMAGE...]',
  summary: 'Remove images',
  flags: [{ flags: '-f, --force', description: 'Also images in use or with several names' }],
  examples: ['coracle rmi nginx:1.27', 'coracle rmi -f web:old'],
  async run(context, images, flags) {
    if (images.length === 0) {
      throw new AppError('CLI_USAGE', 'an image is needed', {
        hint: "See 'coracle image rm --help'.",
      });
    }
    const engine = await context.engine();
    const containers = await engine.listContainers({ all: true });
    const usedBy = (imageId: string) =>
      containers
        .filter((container) => container.ImageID === imageId)
        .map((container) => (container.Names[0] ?? container.Id).replace(/^\//, ''));
    const failures: unknown[] = [];
    for (const image of images) {
      try {
        const removals = await removeImage(context.roots, image, {
          force: flags.force ?? false,
          usedBy,
        });
        for (const removal of removals) {
          const [[what, which]] = Object.entries(removal) as [[string, string]];
          context.out(`${what}: ${which}\n`);
        }
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) {
      const first = failures[0] as AppError;
      const messages = failures.map((error) => (error as Error).message).join('; ');
      throw new AppError(first.code, messages, { cause: new AggregateError(failures) });
    }
    return 0;
  },
});
