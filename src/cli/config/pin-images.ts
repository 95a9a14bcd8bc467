import type { Project, Service } from '../../compose/load/index.ts';
import { AppError } from '../../core/index.ts';
import type { CommandContext } from '../context.ts';

/**
 * The project with each image pinned to the digest that the store has for it.
 * @param imagesOnly - leaves out all but the images: an override file that locks them.
 * @throws {AppError} `IMAGE_NOT_FOUND`
 */
export async function pinImages(
  context: CommandContext,
  project: Project,
  imagesOnly: boolean,
): Promise<Project> {
  const { inspectImage, parseReference } = await import('../../image/index.ts');
  const services: Record<string, Service> = {};
  for (const [name, service] of Object.entries(project.services)) {
    let { image } = service;
    if (image !== undefined && parseReference(image).digest === undefined) {
      const digests = inspectImage(context.roots, image).RepoDigests;
      const digest = digests[0]?.split('@')[1];
      if (digest === undefined) {
        throw new AppError('IMAGE_NOT_FOUND', `image "${image}" has no digest in the store`, {
          hint: 'Pull it from a registry first; an image made here has none.',
        });
      }
      image = `${image}@${digest}`;
    }
    const pinned = image === undefined ? {} : { image };
    services[name] = imagesOnly ? pinned : { ...service, ...pinned };
  }
  return imagesOnly ? ({ services } as Project) : { ...project, services };
}
