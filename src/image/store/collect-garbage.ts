import { readdirSync, readFileSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isErrno, type StateRoots } from '../../state/index.ts';
import { isDigest } from '../digest.ts';
import { removeTree } from '../remove-tree.ts';
import { treeSize } from '../tree-size.ts';
import { readBlob, readConfig } from './blobs.ts';
import { readIndex } from './index-file.ts';
import { storePaths, unfinishedName } from './layout.ts';

const layerName = /^[0-9a-f]{64}$/;

/** What nothing needs: names of files in `blobs/sha256`, and of folders in `layers`. */
export interface Garbage {
  readonly blobs: readonly string[];
  readonly layers: readonly string[];
}

/** What a collection has removed. */
export interface Collected {
  /** Digests. */
  readonly blobs: string[];
  readonly layers: string[];
  /** Bytes on disk that have become free; 0 where they were not measured. */
  readonly bytes: number;
}

/**
 * Finds blobs that no image of the index reaches, and layers that neither an image nor a container's record
 * names; what a build may take up again is none. Certain only under the store's lock.
 */
export function findGarbage(roots: StateRoots): Garbage {
  const paths = storePaths(roots);
  const live = reachable(roots);
  const built = layersOfBuilds(roots);
  const usedLayers = layersOfContainers(roots);
  return {
    blobs: names(paths.blobs).filter(
      (hex) =>
        layerName.test(hex) &&
        !live.blobs.has(`sha256:${hex}`) &&
        !built.blobs.has(`sha256:${hex}`),
    ),
    layers: names(paths.layers).filter(
      (hex) =>
        layerName.test(hex) &&
        !live.layers.has(`sha256:${hex}`) &&
        !usedLayers.has(hex) &&
        !built.layers.has(`sha256:${hex}`),
    ),
  };
}

/**
 * Removes garbage. Only under the store's lock: content that is being added is put in place under the same lock.
 * @param measure also say how much became free, which needs a look at every file of a layer
 */
export async function collectGarbage(
  roots: StateRoots,
  { measure = false }: { readonly measure?: boolean } = {},
): Promise<Collected> {
  const paths = storePaths(roots);
  const garbage = findGarbage(roots);
  let bytes = 0;
  for (const hex of garbage.blobs) {
    const path = join(paths.blobs, hex);
    if (measure) bytes += statSync(path).size;
    unlinkSync(path);
  }
  for (const hex of garbage.layers) {
    // Renamed first: half a layer must not pass for one after a kill.
    const condemned = join(paths.layers, unfinishedName());
    renameSync(join(paths.layers, hex), condemned);
    if (measure) bytes += await treeSize(condemned);
    removeTree(condemned);
  }
  const digests = (list: readonly string[]) => list.map((hex) => `sha256:${hex}`);
  return { blobs: digests(garbage.blobs), layers: digests(garbage.layers), bytes };
}

/** Manifests, indexes inside indexes, configurations and layers, followed from index.json. */
function reachable(roots: StateRoots): { blobs: Set<string>; layers: Set<string> } {
  const blobs = new Set<string>();
  const layers = new Set<string>();
  const open = readIndex(roots).map((entry) => {
    for (const diffId of readConfig(roots, entry.imageId).rootfs.diff_ids) layers.add(diffId);
    return entry.manifest.digest;
  });
  for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
    if (blobs.has(digest) || !isDigest(digest)) continue;
    blobs.add(digest);
    const document = JSON.parse(readBlob(roots, digest).toString('utf8')) as {
      manifests?: { digest: string }[];
      config?: { digest: string };
      layers?: { digest: string }[];
    };
    open.push(...(document.manifests ?? []).map((manifest) => manifest.digest));
    if (document.config) blobs.add(document.config.digest);
    for (const layer of document.layers ?? []) blobs.add(layer.digest);
  }
  return { blobs, layers };
}

/**
 * Names of the layer folders that containers, also ones being made, mount, each with the names of those containers' folders;
 * shim.json's overlay.lower.
 */
export function layersOfContainers(roots: StateRoots): Map<string, string[]> {
  const used = new Map<string, string[]>();
  const containers = join(roots.data, 'containers');
  for (const name of names(containers)) {
    let text: string;
    try {
      text = readFileSync(join(containers, name, 'shim.json'), 'utf8');
    } catch (error) {
      if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) continue;
      throw error;
    }
    const { overlay } = JSON.parse(text) as { overlay?: { lower?: string[] } };
    for (const path of overlay?.lower ?? []) {
      const hex = basename(path);
      used.set(hex, [...(used.get(hex) ?? []), name]);
    }
  }
  return used;
}

/**
 * Layers that images have taken over from the builder, and that its next build takes up again; `<data>/build/cache`. They go when
 * the build cache is pruned.
 */
function layersOfBuilds(roots: StateRoots): { blobs: Set<string>; layers: Set<string> } {
  const blobs = new Set<string>();
  const layers = new Set<string>();
  const folder = join(roots.data, 'build', 'cache');
  for (const name of names(folder)) {
    if (!name.endsWith('.json')) continue;
    const { layer } = readBuildRecord(join(folder, name));
    if (layer?.diffId !== undefined) layers.add(layer.diffId);
    if (layer?.descriptor !== undefined) blobs.add(layer.descriptor.digest);
  }
  return { blobs, layers };
}

interface BuildRecord {
  readonly layer?: { readonly diffId?: string; readonly descriptor?: { readonly digest: string } };
}

function readBuildRecord(path: string): BuildRecord {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as BuildRecord;
  } catch (error) {
    // Pruned at this moment, or cut short by a power loss: the builder does not count it either.
    if (isErrno(error, 'ENOENT') || error instanceof SyntaxError) return {};
    throw error;
  }
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
