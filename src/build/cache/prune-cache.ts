import { collectUnused, removeTree } from '../../image/index.ts';
import type { StateRoots } from '../../state/index.ts';
import { buildPaths } from './build-paths.ts';
import { type CacheEntry, listBuildCache, oldestBuild } from './list-cache.ts';
import { sweepBuilds } from './sweep.ts';

export interface PruneOptions {
  /** Also what is a layer of an image: it is known to later builds no more. */
  readonly all?: boolean;
  /** Milliseconds since 1970: what was used later stays. */
  readonly unusedSinceMs?: number;
  /** So many bytes may stay, of what was used last. */
  readonly keepBytes?: number;
}

export interface PrunedCache {
  readonly removed: readonly CacheEntry[];
  /** Bytes on disk that have become free. */
  readonly bytes: number;
}

/** Removes what builds keep. Whatever a build under way may be using stays. */
export async function pruneBuildCache(
  roots: StateRoots,
  options: PruneOptions = {},
): Promise<PrunedCache> {
  sweepBuilds(roots);
  const building = oldestBuild(roots);
  const entries = (await listBuildCache(roots)).filter((entry) => isCandidate(entry, options));
  let total = entries.reduce((sum, { size }) => sum + size, 0);
  const removed: CacheEntry[] = [];
  for (const entry of entries) {
    if (options.keepBytes !== undefined && total <= options.keepBytes) break;
    if (isNeeded(entry, building)) continue;
    const [first = '', ...rest] = entry.paths;
    removeTree(first);
    // A build that has begun since may have read the record before it went: what it stands for is left to the next prune.
    if (rest.length > 0 && oldestBuild(roots) !== building) break;
    for (const path of rest) removeTree(path);
    total -= entry.size;
    removed.push(entry);
  }
  if (options.all && building === undefined) removeTree(buildPaths(roots).memos);
  // Layers that no image has any more, and that only these steps have held.
  const shared = removed.some(({ isShared }) => isShared) ? await collectUnused(roots) : 0;
  return { removed, bytes: removed.reduce((sum, { size }) => sum + size, shared) };
}

function isCandidate({ isShared, usedMs }: CacheEntry, options: PruneOptions): boolean {
  if (isShared && !options.all) return false;
  return options.unusedSinceMs === undefined || usedMs < options.unusedSinceMs;
}

/** A build marks the steps that it uses; of mounts and downloads nobody knows. */
function isNeeded({ type, usedMs }: CacheEntry, building: number | undefined): boolean {
  return building !== undefined && (type !== 'step' || usedMs >= building);
}
