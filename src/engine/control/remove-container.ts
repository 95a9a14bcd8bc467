import { AppError } from '../../core/index.ts';
import { containerPaths, retireContainerFolder, withProcessLock } from '../../state/index.ts';
import { type EngineContext, emitContainer } from '../engine-context.ts';
import { observeContainer } from '../observe/observed-containers.ts';
import { isRunning } from '../observe/running.ts';
import { removeAnonymousVolumes } from '../volumes/volume-users.ts';
import { cleanUp } from './clean-up.ts';
import { askShim } from './control-container.ts';

/**
 * Removes a container with its log, its name, its addresses and, with `v`, its anonymous volumes.
 * @throws {AppError} `ENGINE_CONTAINER_RUNNING` where it runs and `force` is not given.
 */
export async function removeContainer(
  context: EngineContext,
  idOrName: string,
  options: { v?: boolean; force?: boolean } = {},
): Promise<void> {
  const { record } = observeContainer(context, idOrName);
  // Against a start at the same moment.
  const { lock } = containerPaths(context.roots, record.id);
  await withProcessLock(lock, async () => {
    const { state } = observeContainer(context, record.id);
    if (isRunning(state)) {
      if (!options.force) {
        const what = state.status === 'paused' ? 'paused' : 'running';
        throw new AppError(
          'ENGINE_CONTAINER_RUNNING',
          `cannot remove container "${record.name}": container is ${what}: stop the container before removing or force remove`,
        );
      }
      // While it still exists: its shim's own end takes the network down in order, and its addresses stay reserved for it.
      await askShim(context, record.id, { op: 'stop', signal: 'SIGKILL', timeoutMs: 0 });
    }
    const folder = retireContainerFolder(context.roots, record.id);
    if (folder === undefined) return;
    await cleanUp(context, record, folder);
    if (options.v) await removeAnonymousVolumes(context, record);
    emitContainer(context, 'destroy', record);
  });
}
