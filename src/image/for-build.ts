/** What the builder needs of the store: an image taken apart, and one put together from layers. */
import { statSync } from 'node:fs';
import type { StateRoots } from '../state/index.ts';
import type { Digest } from './digest.ts';
import type { Descriptor, ImageConfig } from './oci.wire.ts';
import {
  formatReference,
  type ImageReference,
  parseReference,
  withDefaultTag,
} from './reference.ts';
import { asDigest, readManifest } from './store/blobs.ts';
import { collectGarbage } from './store/collect-garbage.ts';
import { commitImage, type StagedLayer } from './store/commit.ts';
import { readIndex } from './store/index-file.ts';
import { ensureStore, storePaths, unfinishedName } from './store/layout.ts';
import { withStoreLock } from './store/lock.ts';
import { findImage } from './store/resolve.ts';

/** A layer of an image in the store. */
export interface StoredLayer {
  readonly diffId: Digest;
  readonly descriptor: Descriptor;
  /** Its unpacked folder. */
  readonly folder: string;
}

/** An image as a build starts from it. */
export interface BaseImage {
  readonly id: string;
  readonly config: ImageConfig;
  /** Lowest first. */
  readonly layers: readonly StoredLayer[];
  /** Bytes of the layers' uncompressed archives. */
  readonly size: number;
}

/**
 * Takes an image of the store apart.
 * @throws {AppError} `IMAGE_NOT_FOUND`, `IMAGE_CONTENT_DAMAGED`, …
 */
export function baseImage(roots: StateRoots, nameOrId: string): BaseImage {
  const { id, config, entries } = findImage(roots, nameOrId);
  const [entry] = entries;
  const descriptors = entry === undefined ? [] : readManifest(roots, entry.manifest.digest).layers;
  const paths = storePaths(roots);
  return {
    id,
    config,
    size: entry?.size ?? 0,
    layers: config.rootfs.diff_ids.map((text, index) => {
      const diffId = asDigest(text);
      return { diffId, descriptor: descriptors[index] as Descriptor, folder: paths.layer(diffId) };
    }),
  };
}

/** An image that a build has put together. */
export interface AssembledImage {
  readonly config: ImageConfig;
  /** Lowest first. */
  readonly layers: readonly StagedLayer[];
  readonly tags: readonly string[];
}

/**
 * Makes an assembled image part of the store, or finds that it is already.
 * @returns its id and its manifest's digest; undefined where a layer that was to be re-used has gone meanwhile.
 */
export async function storeAssembled(
  roots: StateRoots,
  { config, layers, tags }: AssembledImage,
): Promise<{ readonly id: string; readonly manifestDigest: string } | undefined> {
  ensureStore(roots);
  const references = tags.map(tagReference);
  const id = await commitImage(roots, { config, layers, references });
  if (id === undefined) return undefined;
  const entry = readIndex(roots).find(({ imageId }) => imageId === id);
  return { id, manifestDigest: entry?.manifest.digest ?? '' };
}

/** The image with this id, if it is in the store under all of these names. */
export function findStored(
  roots: StateRoots,
  id: string,
  tags: readonly string[],
): { readonly id: string; readonly manifestDigest: string } | undefined {
  const entries = readIndex(roots).filter(({ imageId }) => imageId === id);
  const names = new Set(entries.map(({ name }) => name));
  const [entry] = entries;
  if (entry === undefined) return undefined;
  const hasAll = tags.every((tag) => names.has(formatReference(tagReference(tag))));
  return hasAll ? { id, manifestDigest: entry.manifest.digest } : undefined;
}

/** A name for an image, with its tag. @throws {AppError} `IMAGE_REFERENCE_INVALID` */
export function tagReference(tag: string): ImageReference {
  return withDefaultTag(parseReference(tag));
}

/** True where the archive of a layer is in the store, in full. */
export function hasBlob(roots: StateRoots, { digest, size }: Descriptor): boolean {
  return (
    statSync(storePaths(roots).blob(asDigest(digest)), { throwIfNoEntry: false })?.size === size
  );
}

/** Where a layer with this diff id lies unpacked, if it is there. */
export function layerFolder(roots: StateRoots, diffId: string): string {
  return storePaths(roots).layer(asDigest(diffId));
}

/** A path for an archive that is to become a blob; swept if this process dies. */
export function ingestPath(roots: StateRoots): string {
  ensureStore(roots);
  return `${storePaths(roots).ingest}/${unfinishedName()}`;
}

/** Removes what only records of the build cache have held. @returns the bytes on disk that have become free. */
export async function collectUnused(roots: StateRoots): Promise<number> {
  ensureStore(roots);
  const { bytes } = await withStoreLock(storePaths(roots).lock, () =>
    collectGarbage(roots, { measure: true }),
  );
  return bytes;
}
