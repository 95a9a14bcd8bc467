import { statSync } from 'node:fs';
import { AppError, isAppError } from '../../core/index.ts';
import type { StateRoots } from '../../state/index.ts';
import { isDigest } from '../digest.ts';
import type { ExecutionConfig, ImageConfig } from '../oci.wire.ts';
import {
  formatFamiliar,
  formatReference,
  type ImageReference,
  parseReference,
  withDefaultTag,
} from '../reference.ts';
import { asDigest, readConfig } from './blobs.ts';
import { type IndexEntry, readIndex } from './index-file.ts';
import { storePaths } from './layout.ts';

/** One image with everything that is said of it in the index. */
export interface FoundImage {
  /** Digest of the configuration: what `docker images` shows as the id. */
  readonly id: string;
  readonly entries: readonly IndexEntry[];
  readonly config: ImageConfig;
}

/** What a container is made from. */
export interface ImageForRun {
  /** `sha256:…`, digest of the image's configuration. */
  readonly id: string;
  /** As asked for, familiar and with its tag: `mysql:8.0`; the id where it was asked for by id. */
  readonly reference: string;
  readonly config: ExecutionConfig;
  readonly architecture: string;
  /** Absolute folders, topmost layer first, as overlay wants its lower folders. Never empty. */
  readonly layerPaths: readonly string[];
}

const shortestIdPrefix = 4;
/** Configurations by digest: their content cannot change. */
const configs = new Map<string, ImageConfig>();

/**
 * Finds an image by name (`mysql`, `mysql:8.0`, `ghcr.io/acme/web@sha256:…`), by id, or by the first digits of
 * an id.
 * @throws {AppError} `IMAGE_NOT_FOUND`, `IMAGE_ID_AMBIGUOUS`, `IMAGE_REFERENCE_INVALID`
 */
export function findImage(roots: StateRoots, nameOrId: string): FoundImage {
  const index = readIndex(roots);
  const id = idByName(index, nameOrId) ?? idByPrefix(index, nameOrId);
  if (id === undefined) {
    throw new AppError('IMAGE_NOT_FOUND', `image "${nameOrId}" is not in the store`, {
      details: { reference: nameOrId },
    });
  }
  return imageOf(roots, index, id);
}

/** True where a name or id means an image of the store. */
export function hasImage(roots: StateRoots, nameOrId: string): boolean {
  try {
    findImage(roots, nameOrId);
    return true;
  } catch (error) {
    if (isAppError(error, 'IMAGE_NOT_FOUND')) return false;
    throw error;
  }
}

/** Every image of the store once, in the order of the index. */
export function allImages(roots: StateRoots): FoundImage[] {
  const index = readIndex(roots);
  const ids = new Set(index.map((entry) => entry.imageId));
  return Array.from(ids, (id) => imageOf(roots, index, id));
}

/**
 * What the engine needs to start a container of an image: one look at the index and one at the
 * configuration, both cached in this process.
 * @throws {AppError} `IMAGE_NOT_FOUND`, `IMAGE_LAYER_MISSING`, …
 */
export function resolveImage(roots: StateRoots, nameOrId: string): ImageForRun {
  const image = findImage(roots, nameOrId);
  const paths = storePaths(roots);
  const topmostFirst = image.config.rootfs.diff_ids
    .map((diffId) => paths.layer(asDigest(diffId)))
    .reverse();
  // Overlay refuses a folder twice; a layer that comes again hides all of its first occurrence.
  const layerPaths = [...new Set(topmostFirst)];
  for (const path of layerPaths) {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
      throw new AppError(
        'IMAGE_LAYER_MISSING',
        `image "${nameOrId}": layer ${path} is not unpacked`,
      );
    }
  }
  return {
    id: image.id,
    reference: namedReference(nameOrId, image),
    config: image.config.config ?? {},
    architecture: image.config.architecture,
    layerPaths,
  };
}

/** Familiar names with tags, in the order of the index. */
export function repoTags(image: FoundImage): string[] {
  return image.entries.flatMap((entry) =>
    entry.name === undefined ? [] : [familiarName(entry.name)],
  );
}

/** `mysql@sha256:…` for each repository, with the digest of the manifest. */
export function repoDigests(image: FoundImage): string[] {
  const names = image.entries.flatMap((entry) => {
    if (entry.name === undefined) return [];
    const { domain, repository } = parseReference(entry.name);
    const digest = entry.sourceDigest ?? entry.manifest.digest;
    return [formatFamiliar({ domain, repository, digest })];
  });
  return [...new Set(names)];
}

/** A name of the index as people write it. */
export function familiarName(name: string): string {
  return formatFamiliar(parseReference(name));
}

function imageOf(roots: StateRoots, index: readonly IndexEntry[], id: string): FoundImage {
  let config = configs.get(id);
  if (!config) {
    config = readConfig(roots, id);
    configs.set(id, config);
  }
  return { id, config, entries: index.filter((entry) => entry.imageId === id) };
}

function idByName(index: readonly IndexEntry[], text: string): string | undefined {
  let reference: ImageReference;
  try {
    reference = withDefaultTag(parseReference(text));
  } catch (error) {
    // An id or the start of one is no name, or only looks like one.
    if (/^(sha256:)?[0-9a-f]+$/.test(text)) return undefined;
    throw error;
  }
  if (reference.digest === undefined) {
    const name = formatReference(reference);
    return index.find((entry) => entry.name === name)?.imageId;
  }
  const repository = `${reference.domain}/${reference.repository}`;
  return index.find(
    ({ name, manifest, imageId, sourceDigest }) =>
      [manifest.digest, imageId, sourceDigest].includes(reference.digest) &&
      name !== undefined &&
      formatReference(repositoryOf(name)) === repository,
  )?.imageId;
}

function repositoryOf(name: string): ImageReference {
  const { domain, repository } = parseReference(name);
  return { domain, repository };
}

function idByPrefix(index: readonly IndexEntry[], text: string): string | undefined {
  const hex = text.startsWith('sha256:') ? text.slice('sha256:'.length) : text;
  if (hex.length < shortestIdPrefix || !/^[0-9a-f]+$/.test(hex)) return undefined;
  const fitting = index.filter(
    ({ imageId, manifest }) =>
      imageId.startsWith(`sha256:${hex}`) || manifest.digest.startsWith(`sha256:${hex}`),
  );
  const ids = new Set(fitting.map((entry) => entry.imageId));
  if (ids.size > 1) {
    throw new AppError('IMAGE_ID_AMBIGUOUS', `id "${text}" fits ${ids.size} images`, {
      details: { ids: [...ids] },
    });
  }
  return [...ids][0];
}

function namedReference(nameOrId: string, image: FoundImage): string {
  const byId = isDigest(nameOrId) || image.id.startsWith(`sha256:${nameOrId}`);
  return byId ? image.id : formatFamiliar(withDefaultTag(parseReference(nameOrId)));
}
