import type { Project, Service } from '../../compose/load/index.ts';
import { AppError, isAppError } from '../../core/index.ts';
import type { CommandContext, LoadedProject } from '../context.ts';
import { registryOptions } from '../images/registry-options.ts';

/**
 * The project with each image pinned to the digest that its name has at the registry right now, written in full as
 * Docker Compose does. Each registry is asked once a name.
 * @param imagesOnly - leaves out all but the images: an override file that locks them.
 * @throws {AppError} `REGISTRY_…`, `IMAGE_REFERENCE_INVALID`, at the place of the image
 */
export async function pinImages(
  context: CommandContext,
  { project, origins }: Pick<LoadedProject, 'project' | 'origins'>,
  imagesOnly: boolean,
): Promise<Project> {
  const names = [...new Set(Object.values(project.services).flatMap(({ image }) => image ?? []))];
  const pinned = new Map<string, string | AppError>();
  await Promise.all(
    names.map(async (name) => {
      pinned.set(name, await pin(name, context));
    }),
  );
  const services: Record<string, Service> = {};
  for (const [name, service] of Object.entries(project.services)) {
    const found = service.image === undefined ? undefined : pinned.get(service.image);
    if (isAppError(found)) {
      throw atImage(found, name, origins);
    }
    const image = found === undefined ? {} : { image: found };
    services[name] = imagesOnly ? image : { ...service, ...image };
  }
  return imagesOnly ? ({ services } as Project) : { ...project, services };
}

async function pin(name: string, context: CommandContext): Promise<string | AppError> {
  const { formatReference, parseReference, remoteDigest, withDefaultTag } = await import(
    '../../image/index.ts'
  );
  try {
    const { tag, ...reference } = withDefaultTag(parseReference(name));
    if (reference.digest !== undefined) {
      // the digest alone decides
      return formatReference(reference);
    }
    const digest = await remoteDigest(name, registryOptions(context));
    return formatReference({ ...reference, ...(tag === undefined ? {} : { tag }), digest });
  } catch (error) {
    if (isAppError(error)) return error;
    throw error;
  }
}

function atImage(error: AppError, service: string, origins: LoadedProject['origins']): AppError {
  const range = origins.origin(`services.${service}.image`);
  return new AppError(error.code, `service "${service}": ${error.message}`, {
    cause: error,
    details: { ...error.details, ...(range === undefined ? {} : { range }) },
    exitCode: error.exitCode,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  });
}
