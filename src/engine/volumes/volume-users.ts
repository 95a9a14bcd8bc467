import { isAppError } from '../../core/index.ts';
import { anonymousLabel, readVolume, removeVolume } from '../../volume/index.ts';
import type { ContainerRecord } from '../container-record.ts';
import { type EngineContext, emit } from '../engine-context.ts';
import { observeContainers } from '../observe/observed-containers.ts';

/** The containers, running or not, that mount a volume. */
export function volumeUsers(
  context: EngineContext,
  volume: string,
): { readonly id: string; readonly name: string }[] {
  return observeContainers(context)
    .filter(({ record }) => record.mounts.some((mount) => mount.volume === volume))
    .map(({ record: { id, name } }) => ({ id, name }));
}

/** Removes the volumes of a removed container that nobody named and that no other container mounts. */
export async function removeAnonymousVolumes(
  context: EngineContext,
  { mounts }: Pick<ContainerRecord, 'mounts'>,
): Promise<void> {
  for (const { volume } of mounts) {
    if (volume === undefined) continue;
    const record = readVolume(context.roots, volume);
    // The label, not the way it was asked for: a recreated container names the anonymous volumes that it keeps.
    if (record === undefined || !(anonymousLabel in record.labels)) continue;
    try {
      await removeVolume(
        context.roots,
        await context.native(),
        volume,
        volumeUsers(context, volume),
      );
      emit(context, 'volume', 'destroy', { id: volume, attributes: { driver: 'local' } });
    } catch (error) {
      // Another container mounts it, or another engine was faster.
      if (!isAppError(error, 'VOLUME_IN_USE') && !isAppError(error, 'VOLUME_NOT_FOUND'))
        throw error;
    }
  }
}
