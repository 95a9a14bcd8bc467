import {
  type AskOptions,
  type Descriptor,
  digestOf,
  type LayerFile,
  openLayeredArtifact,
  pushLayeredArtifact,
} from '../../image/index.ts';
import type { CachePlace } from '../build-options.ts';
import { cacheDocumentType } from './cache-document.ts';
import { openLayoutCache, writeLayoutCache } from './layout-cache.ts';

/** A cache that was found. */
export interface OpenedCache {
  readonly document: string;
  /** A path, or a stream of the layer's bytes. */
  open(layer: Descriptor): string | NodeJS.ReadableStream;
  close(): void;
}

/** As messages name a place. */
export function placeName(place: CachePlace): string {
  return place.kind === 'registry' ? place.reference : place.path;
}

/** @returns undefined where there is no cache of this builder's. @throws {AppError} `REGISTRY_…`, `BUILD_CACHE_INVALID` */
export function openCache(
  place: CachePlace,
  registry: AskOptions,
): Promise<OpenedCache | undefined> {
  return place.kind === 'registry'
    ? openLayeredArtifact(place.reference, cacheDocumentType, registry)
    : openLayoutCache(place);
}

/** Replaces what is at the place. @throws {AppError} `REGISTRY_…`, `BUILD_CACHE_INVALID` */
export async function writeCache(
  place: CachePlace,
  cache: { readonly document: LayerFile; readonly layers: readonly LayerFile[] },
  registry: AskOptions,
): Promise<void> {
  if (place.kind === 'folder') return writeLayoutCache(place, cache);
  await pushLayeredArtifact(
    place.reference,
    { documentType: cacheDocumentType, ...cache },
    registry,
  );
}

export function documentDescriptor(text: string): Descriptor {
  return { mediaType: cacheDocumentType, digest: digestOf(text), size: Buffer.byteLength(text) };
}
