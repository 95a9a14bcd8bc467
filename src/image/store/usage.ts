import { statSync } from 'node:fs';
import type { StateRoots } from '../../state/index.ts';
import { treeSize } from '../tree-size.ts';
import { asDigest, readConfig, readManifest } from './blobs.ts';
import { type ImageInfo, listImages } from './describe.ts';
import { readIndex } from './index-file.ts';
import { storePaths } from './layout.ts';

/** What an image takes on the disk. Bytes. */
export interface ImageUsage {
  readonly image: ImageInfo;
  /** Of its layers, unpacked and as blobs; `shared` of them other images have, too. */
  readonly size: number;
  readonly shared: number;
}

/** What the images take together, each layer counted once. Bytes. */
export interface StoreUsage {
  readonly images: readonly ImageUsage[];
  readonly size: number;
  /** What would be left if images that fail the test were removed. */
  readonly sizeOf: (isKept: (image: ImageInfo) => boolean) => number;
}

/** Looks at every file of every layer: not for a hot path. */
export async function storeUsage(roots: StateRoots): Promise<StoreUsage> {
  const images = listImages(roots);
  const parts = new Map(images.map((image) => [image.Id, partsOf(roots, image.Id)]));
  const sizes = new Map<string, number>();
  const owners = new Map<string, number>();
  for (const path of [...parts.values()].flatMap((paths) => [...paths])) {
    owners.set(path, (owners.get(path) ?? 0) + 1);
    if (!sizes.has(path)) sizes.set(path, await onDisk(path));
  }
  const sum = (paths: Iterable<string>) =>
    [...paths].reduce((bytes, path) => bytes + (sizes.get(path) ?? 0), 0);
  const pathsOf = (image: ImageInfo) => [...(parts.get(image.Id) ?? [])];
  const sizeOf = (isKept: (image: ImageInfo) => boolean) =>
    sum(new Set(images.filter(isKept).flatMap(pathsOf)));
  return {
    images: images.map((image) => ({
      image,
      size: sum(pathsOf(image)),
      shared: sum(pathsOf(image).filter((path) => (owners.get(path) ?? 0) > 1)),
    })),
    size: sizeOf(() => true),
    sizeOf,
  };
}

/** The folders and blobs of an image's layers, once each. */
function partsOf(roots: StateRoots, imageId: string): Set<string> {
  const paths = storePaths(roots);
  const found = new Set<string>();
  for (const { manifest } of readIndex(roots).filter((entry) => entry.imageId === imageId)) {
    for (const { digest } of readManifest(roots, manifest.digest).layers) {
      found.add(paths.blob(asDigest(digest)));
    }
  }
  for (const diffId of readConfig(roots, imageId).rootfs.diff_ids)
    found.add(paths.layer(asDigest(diffId)));
  return found;
}

async function onDisk(path: string): Promise<number> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  return stat.isDirectory() ? treeSize(path) : stat.blocks * 512;
}
