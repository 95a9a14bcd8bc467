/** What the `prune` commands remove; each says what went, and how many bytes on disk became free. */
import { join } from 'node:path';
import { isAppError } from '../../../core/index.ts';
import { pruneImages, treeSize } from '../../../image/index.ts';
import type { CommandContext } from '../../context.ts';
import type { Prunable } from './prune-filter.ts';

/** Names, ids or lines as Docker shows them, and bytes. */
export interface Pruned {
  readonly removed: readonly string[];
  readonly bytes: number;
}

type IsWanted = (thing: Prunable) => boolean;

/** All containers that do not run. */
export async function pruneContainers(
  context: CommandContext,
  isWanted: IsWanted,
): Promise<Pruned> {
  const engine = await context.engine();
  const stopped = await engine.listContainers({
    all: true,
    filters: { status: ['created', 'exited', 'dead'] },
  });
  const removed: string[] = [];
  let bytes = 0;
  for (const { Id, Created, Labels } of stopped) {
    if (!isWanted({ createdMs: Created * 1000, labels: Labels ?? {} })) continue;
    const size = await treeSize(join(context.roots.data, 'containers', Id));
    try {
      await engine.getContainer(Id).remove();
    } catch (error) {
      // Started, or removed, by somebody else since.
      if (
        isAppError(error, 'ENGINE_CONTAINER_RUNNING') ||
        isAppError(error, 'ENGINE_CONTAINER_NOT_FOUND')
      )
        continue;
      throw error;
    }
    removed.push(Id);
    bytes += size;
  }
  return { removed, bytes };
}

/** Networks without a running container: as in Docker, one that only stopped containers belong to counts as unused. */
export async function pruneNetworks(context: CommandContext, isWanted: IsWanted): Promise<Pruned> {
  const engine = await context.engine();
  const removed: string[] = [];
  for (const { Id, Name, Created, Labels } of await engine.listNetworks()) {
    if (Name === 'bridge') continue;
    if (!isWanted({ createdMs: Date.parse(Created), labels: Labels ?? {} })) continue;
    try {
      await engine.getNetwork(Id).remove();
      removed.push(Name);
    } catch (error) {
      if (!isAppError(error, 'NETWORK_IN_USE') && !isAppError(error, 'NETWORK_NOT_FOUND')) {
        throw error;
      }
    }
  }
  return { removed, bytes: 0 };
}

/** Volumes that no container has; named ones only with `all`. */
export async function pruneVolumes(
  context: CommandContext,
  all: boolean,
  isWanted: IsWanted,
): Promise<Pruned> {
  const engine = await context.engine();
  const { Volumes } = await engine.listVolumes({
    filters: { dangling: ['true'], ...(all ? {} : { anonymous: ['true'] }) },
  });
  const removed: string[] = [];
  let bytes = 0;
  for (const { Name, Mountpoint, Labels } of Volumes) {
    if (!isWanted({ createdMs: 0, labels: Labels ?? {} })) continue;
    const size = await treeSize(Mountpoint);
    try {
      await engine.getVolume(Name).remove();
    } catch (error) {
      if (isAppError(error, 'VOLUME_IN_USE') || isAppError(error, 'VOLUME_NOT_FOUND')) continue;
      throw error;
    }
    removed.push(Name);
    bytes += size;
  }
  return { removed, bytes };
}

/** Images without a name, or all that no container is made from; none while a build, between two steps, may stand on one. */
export async function pruneUnusedImages(
  context: CommandContext,
  all: boolean,
  isWanted: IsWanted,
): Promise<Pruned> {
  const engine = await context.engine();
  const { oldestBuild } = await import('../../../build/index.ts');
  if (oldestBuild(context.roots) !== undefined) {
    context.err('warning: images stay as they are while a build is under way\n');
    return { removed: [], bytes: 0 };
  }
  const { removals, bytes } = await pruneImages(context.roots, {
    all,
    used: async () =>
      new Set((await engine.listContainers({ all: true })).map(({ ImageID }) => ImageID)),
    isWanted: ({ Created, Labels }) =>
      isWanted({ createdMs: Created * 1000, labels: Labels ?? {} }),
  });
  const removed = removals.map((removal) =>
    'Untagged' in removal ? `untagged: ${removal.Untagged}` : `deleted: ${removal.Deleted}`,
  );
  return { removed, bytes };
}
