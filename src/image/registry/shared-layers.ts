import type { StagedLayer } from '../store/commit.ts';
import { discardLayer } from '../unpack/stage-layer.ts';

/** A layer that pulls of this process fetch, or have fetched for images that are not complete yet. */
interface SharedLayer {
  readonly staged: Promise<StagedLayer>;
  users: number;
}

const underWay = new Map<string, SharedLayer>();
const keys = new WeakMap<StagedLayer, string>();

/**
 * Fetches a layer, or waits for another image's pull of the very same. Each user releases it.
 * @param key  store, digest and diff id: what makes two layers the same.
 */
export async function shareLayer(
  key: string,
  stage: () => Promise<StagedLayer>,
): Promise<StagedLayer> {
  for (let other = underWay.get(key); other !== undefined; other = underWay.get(key)) {
    other.users += 1;
    try {
      return await other.staged;
    } catch {
      // That pull has failed, perhaps over something else of its image: it is for us to try.
      if (underWay.get(key) === other) underWay.delete(key);
    }
  }
  const own: SharedLayer = { staged: stage(), users: 1 };
  underWay.set(key, own);
  try {
    const layer = await own.staged;
    keys.set(layer, key);
    return layer;
  } catch (error) {
    if (underWay.get(key) === own) underWay.delete(key);
    throw error;
  }
}

/** Gives layers up after their image is in the store, or never will be; the last user's are removed where they lie. */
export function releaseLayers(layers: readonly StagedLayer[]): void {
  // An image may have one layer several times.
  for (const layer of new Set(layers)) {
    const key = keys.get(layer);
    const shared = key === undefined ? undefined : underWay.get(key);
    if (shared !== undefined) {
      shared.users -= 1;
      if (shared.users > 0) continue;
      underWay.delete(key ?? '');
    }
    discardLayer(layer);
  }
}
