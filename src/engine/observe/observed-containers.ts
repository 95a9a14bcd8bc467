import { isAppError } from '../../core/index.ts';
import { readContainerFolders } from '../../state/index.ts';
import type { ContainerInfo, Filters } from '../api.ts';
import { readContainerRecord } from '../container-record.ts';
import type { EngineContext } from '../engine-context.ts';
import { findContainer } from '../find-container.ts';
import { type Candidate, compileFilters, onlyRunning } from './container-filters.ts';
import { containerInfo } from './container-info.ts';
import { readContainerState } from './read-state.ts';
import { isRunning } from './running.ts';

/** One container's record with its state at this moment. @throws {AppError} `ENGINE_CONTAINER_NOT_FOUND` */
export function observeContainer({ roots }: EngineContext, idOrName: string): Candidate {
  const record = findContainer(roots, idOrName);
  return { record, state: readContainerState(roots, record.id) };
}

/** All containers, newest first. Loads no native client and no image code unless a filter asks for it. */
export function observeContainers(context: EngineContext): Candidate[] {
  const candidates = readContainerFolders(context.roots).ids.flatMap((id): Candidate[] => {
    try {
      const record = readContainerRecord(context.roots, id);
      // Removed since the folder was read.
      return record === undefined ? [] : [{ record, state: readContainerState(context.roots, id) }];
    } catch (error) {
      // One damaged record must not hide all other containers.
      if (!isAppError(error, 'STATE_RECORD_INVALID')) throw error;
      context.warn(`${error.message}: container ${id.slice(0, 12)} is not shown`);
      return [];
    }
  });
  return candidates.sort((a, b) => (a.record.created < b.record.created ? 1 : -1));
}

/** @throws {AppError} `ENGINE_FILTER_INVALID` */
export async function listContainers(
  context: EngineContext,
  options: { all?: boolean; limit?: number; filters?: Filters } = {},
): Promise<ContainerInfo[]> {
  const given = options.filters ?? {};
  const test = await compileFilters(given, {
    findContainer: (idOrName) => findContainer(context.roots, idOrName),
    findImages: async (reference) => {
      const { resolveImage } = await import('../../image/index.ts');
      try {
        return [resolveImage(context.roots, reference).id];
      } catch (error) {
        if (isAppError(error, 'IMAGE_NOT_FOUND')) return [];
        throw error;
      }
    },
  });
  const running = onlyRunning(options.all || options.limit !== undefined, given);
  const now = context.now();
  return observeContainers(context)
    .filter((candidate) => (!running || isRunning(candidate.state)) && test(candidate))
    .slice(0, options.limit || undefined)
    .map((candidate) => containerInfo(candidate, now, context.roots));
}
