import { readdirSync, readFileSync, renameSync, unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isErrno, type StateRoots } from '../../state/index.ts';
import { isDigest } from '../digest.ts';
import { removeTree } from '../remove-tree.ts';
import { readBlob, readConfig } from './blobs.ts';
import { readIndex } from './index-file.ts';
import { storePaths, unfinishedName } from './layout.ts';

const layerName = /^[0-9a-f]{64}$/;

/**
 * Removes blobs that no image of the index reaches, and layers that neither an image nor a container's record
 * names. Only under the store's lock: content that is being added is put in place under the same lock.
 * @returns digests of what was removed
 */
export function collectGarbage(roots: StateRoots): { blobs: string[]; layers: string[] } {
  const paths = storePaths(roots);
  const live = reachable(roots);
  const built = layersOfBuilds(roots);
  const usedLayers = layersOfContainers(roots);
  const blobs: string[] = [];
  const layers: string[] = [];
  for (const hex of names(paths.blobs)) {
    if (!layerName.test(hex)) continue;
    if (live.blobs.has(`sha256:${hex}`) || built.blobs.has(`sha256:${hex}`)) continue;
    unlinkSync(join(paths.blobs, hex));
    blobs.push(`sha256:${hex}`);
  }
  for (const hex of names(paths.layers)) {
    if (!layerName.test(hex) || live.layers.has(`sha256:${hex}`) || usedLayers.has(hex)) continue;
    if (built.layers.has(`sha256:${hex}`)) continue;
    // Renamed first: half a layer must not pass for one after a kill.
    const condemned = join(paths.layers, unfinishedName());
    renameSync(join(paths.layers, hex), condemned);
    removeTree(condemned);
    layers.push(`sha256:${hex}`);
  }
  return { blobs, layers };
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

/** Names of the layer folders that containers, also ones being made, mount; shim.json's overlay.lower. */
function layersOfContainers(roots: StateRoots): Set<string> {
  const used = new Set<string>();
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
    for (const path of overlay?.lower ?? []) used.add(basename(path));
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
