import { AppError, isAppError } from '../../core/index.ts';
import type { LoadedProject } from '../context.ts';
import type { PullFailure } from './pull-images.ts';

/** The failure at the line of the first service that names the image. */
export function placeImageFailure(
  { project, origins }: Pick<LoadedProject, 'project' | 'origins'>,
  { wanted, error }: PullFailure,
): PullFailure {
  const service = Object.entries(project.services).find(
    ([, { image }]) => image === wanted.image,
  )?.[0];
  const range = service === undefined ? undefined : origins.origin(`services.${service}.image`);
  if (!isAppError(error) || range === undefined) return { wanted, error };
  // Offline, the image itself is the news: it can also be had in other ways.
  const isMissing = error.code === 'REGISTRY_UNREACHABLE';
  const placed = new AppError(
    isMissing ? 'IMAGE_NOT_FOUND' : error.code,
    isMissing
      ? `service "${service}": no such image: ${wanted.image}, and it cannot be pulled: ${error.message}`
      : `service "${service}": ${error.message}`,
    {
      cause: error,
      details: { ...error.details, range },
      exitCode: error.exitCode,
      ...(isMissing ? { hint: missingHint } : { hint: error.hint ?? '' }),
    },
  );
  return { wanted, error: placed };
}

const missingHint =
  'Bring it in with `coracle image load`, `coracle image import` or `coracle image bootstrap`; see what is there with `coracle image ls`.';
