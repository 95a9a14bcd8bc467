import { AppError } from '../../core/index.ts';
import {
  familiarRepository,
  listImages,
  parseReference,
  pushImage,
  withDefaultTag,
} from '../../image/index.ts';
import { defineCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { layerDisplay } from '../images/layer-display.ts';
import { registryOptions } from '../images/registry-options.ts';

/** `coracle push NAME[:TAG]`. */
export const imagePush = defineCommand<{ readonly allTags?: boolean; readonly quiet?: boolean }>({
  name: 'push',
  positional: 'NAME[:TAG]',
  summary: 'Upload an image to a registry',
  flags: [
    { flags: '-a, --all-tags', description: 'Push all tags of an image to the repository' },
    { flags: '-q, --quiet', description: 'Only print the name' },
  ],
  examples: ['coracle push registry.example.com/shop/web:1'],
  async run(context, [name, ...more], { allTags = false, quiet = false }) {
    if (name === undefined || more.length > 0) {
      throw new AppError('CLI_USAGE', 'push needs one image name');
    }
    const reference = parseReference(name);
    if (allTags && reference.tag !== undefined) {
      throw new AppError('CLI_USAGE', '--all-tags takes a name without a tag');
    }
    const { domain, repository } = reference;
    if (!quiet) context.out(`The push refers to repository [${domain}/${repository}]\n`);
    for (const one of allTags ? tagsOf(context, familiarRepository(reference)) : [name]) {
      const display = layerDisplay(context, quiet);
      const { digest, size } = await pushImage(one, {
        ...registryOptions(context),
        onProgress: display.show,
      }).finally(display.close);
      if (quiet)
        context.out(`${domain}/${repository}:${withDefaultTag(parseReference(one)).tag}\n`);
      else {
        context.out(
          `${withDefaultTag(parseReference(one)).tag}: digest: ${digest} size: ${size}\n`,
        );
      }
    }
    return 0;
  },
});

function tagsOf({ roots }: CommandContext, repository: string): string[] {
  const tags = listImages(roots, { filters: {} })
    .flatMap(({ RepoTags }) => RepoTags ?? [])
    .filter((tag) => tag.startsWith(`${repository}:`));
  if (tags.length > 0) return tags;
  throw new AppError('IMAGE_NOT_FOUND', `no image of "${repository}" is in the store`);
}
