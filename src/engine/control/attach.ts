import { AppError } from '../../core/index.ts';
import { type Attachment, attachContainer } from '../../runtime/index.ts';
import { containerPaths } from '../../state/index.ts';
import type { EngineContext } from '../engine-context.ts';
import { observeContainer } from '../observe/observed-containers.ts';

/**
 * Attaches to a container that runs, from now on.
 * @throws {AppError} `ENGINE_CONTAINER_NOT_RUNNING`, `ENGINE_CONTAINER_PAUSED`
 */
export async function attachTo(
  context: EngineContext,
  idOrName: string,
  { stdin }: { stdin: boolean },
): Promise<Attachment> {
  const { record, state } = observeContainer(context, idOrName);
  if (state.status === 'paused') {
    throw new AppError(
      'ENGINE_CONTAINER_PAUSED',
      'cannot attach to a paused container, unpause it first',
    );
  }
  if (state.status !== 'running' && state.status !== 'restarting') {
    throw new AppError(
      'ENGINE_CONTAINER_NOT_RUNNING',
      'cannot attach to a stopped container, start it first',
    );
  }
  return attachContainer(containerPaths(context.roots, record.id).run, { stdin });
}
