import { readFileSync, statSync } from 'node:fs';
import { AppError, isAppError } from '../../core/index.ts';
import { isErrno, type StateRoots, writeFileAtomic } from '../../state/index.ts';
import { annotationKeys, type Descriptor, type ImageIndex, mediaTypes } from '../oci.wire.ts';
import {
  formatFamiliar,
  formatReference,
  type ImageReference,
  parseReference,
  withDefaultTag,
} from '../reference.ts';
import { readManifest } from './blobs.ts';
import { storePaths } from './layout.ts';

/** One line of index.json: an image under one name, or without a name. */
export interface IndexEntry {
  /** Digest of the configuration. */
  readonly imageId: string;
  /** Fully qualified with its tag; undefined for an image that has lost its names. */
  readonly name: string | undefined;
  /** Bytes of the layers' uncompressed archives. */
  readonly size: number;
  readonly manifest: Descriptor;
  /** Digest of the index that the image was chosen from at its registry. */
  readonly sourceDigest?: string | undefined;
}

const emptyIndex: ImageIndex = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [] };
/** Parsed indexes by path; a file replaced by rename differs in inode, time or size. */
const cache = new Map<
  string,
  { readonly stamp: string; readonly entries: readonly IndexEntry[] }
>();

/** What index.json holds, in its order. Cheap when it has not changed since the last call. */
export function readIndex(roots: StateRoots): readonly IndexEntry[] {
  const path = storePaths(roots).index;
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return [];
  const stamp = `${stat.ino} ${stat.mtimeNs} ${stat.size}`;
  const cached = cache.get(path);
  if (cached?.stamp === stamp) return cached.entries;
  const entries = parseIndex(path).manifests.map((manifest) => toEntry(roots, manifest));
  cache.set(path, { stamp, entries });
  return entries;
}

/** Replaces index.json. Only under the store's lock. */
export function writeIndex(roots: StateRoots, entries: readonly IndexEntry[]): void {
  const index: ImageIndex = { ...emptyIndex, manifests: entries.map((entry) => entry.manifest) };
  writeFileAtomic(storePaths(roots).index, `${JSON.stringify(index, null, 2)}\n`);
}

/** An entry for index.json. */
export function indexEntry(
  image: Pick<IndexEntry, 'imageId' | 'size' | 'manifest' | 'sourceDigest'>,
  reference: ImageReference | undefined,
): IndexEntry {
  const annotations: Record<string, string> = {
    [annotationKeys.imageId]: image.imageId,
    [annotationKeys.size]: String(image.size),
  };
  const { sourceDigest } = image;
  if (sourceDigest !== undefined) annotations[annotationKeys.sourceDigest] = sourceDigest;
  if (reference) {
    annotations[annotationKeys.fullName] = formatReference(reference);
    annotations[annotationKeys.refName] = formatFamiliar(reference);
  }
  const { mediaType, digest, size, platform } = image.manifest;
  return {
    imageId: image.imageId,
    size: image.size,
    name: reference && formatReference(reference),
    ...(sourceDigest === undefined ? {} : { sourceDigest }),
    manifest: { mediaType, digest, size, ...(platform ? { platform } : {}), annotations },
  };
}

function toEntry(roots: StateRoots, manifest: Descriptor): IndexEntry {
  const annotations = manifest.annotations ?? {};
  const imageId = annotations[annotationKeys.imageId];
  const size = Number(annotations[annotationKeys.size]);
  const name = storedName(
    annotations[annotationKeys.fullName] ?? annotations[annotationKeys.refName],
  );
  const sourceDigest = annotations[annotationKeys.sourceDigest];
  if (imageId !== undefined && Number.isSafeInteger(size)) {
    return { imageId, size, name, manifest, ...(sourceDigest ? { sourceDigest } : {}) };
  }
  // Written by another program (`skopeo copy … oci:<data>/images:name`), which has no such annotations.
  const { config, layers } = readManifest(roots, manifest.digest);
  return {
    imageId: config.digest,
    size: layers.reduce((sum, layer) => sum + layer.size, 0),
    name,
    manifest,
  };
}

function storedName(annotation: string | undefined): string | undefined {
  if (annotation === undefined) return undefined;
  try {
    return formatReference(withDefaultTag(parseReference(annotation)));
  } catch (error) {
    // Other programs may name an image anything; it can still be found by its id.
    if (isAppError(error, 'IMAGE_REFERENCE_INVALID')) return undefined;
    throw error;
  }
}

function parseIndex(path: string): ImageIndex {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    if (isErrno(cause, 'ENOENT')) return emptyIndex;
    throw new AppError('IMAGE_STORE_INVALID', `image index ${path} cannot be read`, { cause });
  }
  const index = value as Partial<ImageIndex> | null;
  if (index?.schemaVersion !== 2 || !Array.isArray(index.manifests)) {
    throw new AppError('IMAGE_STORE_INVALID', `image index ${path} is no OCI image index`);
  }
  return index as ImageIndex;
}
