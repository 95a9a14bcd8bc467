import { readLogBatches } from '../../runtime/index.ts';
import { containerPaths } from '../../state/index.ts';
import type { LogEntry, LogOptions } from '../api.ts';
import type { EngineContext } from '../engine-context.ts';
import { findContainer } from '../find-container.ts';
import { readContainerState } from '../observe/read-state.ts';
import { isRunning } from '../observe/running.ts';

/**
 * A container's log in batches; with `follow` until the container does not run any more, over restarts and rotations. One that
 * does not run has nothing to follow, as in Docker.
 * @throws {AppError} `ENGINE_CONTAINER_NOT_FOUND`
 */
export function containerLog(
  { roots }: EngineContext,
  idOrName: string,
  { follow, ...options }: LogOptions = {},
): AsyncGenerator<LogEntry[]> {
  const { id } = findContainer(roots, idOrName);
  const { log, run } = containerPaths(roots, id);
  return readLogBatches(log, {
    ...options,
    ...(follow
      ? {
          follow: { runFolder: run, hasEnded: () => !isRunning(readContainerState(roots, id)) },
        }
      : {}),
  });
}
