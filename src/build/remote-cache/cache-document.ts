import { AppError } from '../../core/index.ts';
import { type Descriptor, isDigest } from '../../image/index.ts';
import type { StepRecord } from '../cache/step-cache.ts';

/** Media type of the document of a cache. Other builders' caches have other ones: their keys mean nothing here, and ours nothing there. */
export const cacheDocumentType = 'application/vnd.coracle.build-cache.v1+json';

/** A step's result in a cache that lies elsewhere. */
export interface RemoteStep extends Pick<StepRecord, 'id' | 'created' | 'step'> {
  readonly key: string;
  /** Left out for a step that changed nothing. */
  readonly layer?: {
    /** Digest of the uncompressed archive. */
    readonly diffId: string;
    readonly descriptor: Descriptor;
  };
}

/** What a cache consists of, besides its layers. */
export interface CacheDocument {
  readonly version: 1;
  readonly steps: readonly RemoteStep[];
}

const hex = /^[0-9a-f]{64}$/;

/**
 * Reads a document, which may be anybody's: keys and ids become names of files.
 * @throws {AppError} `BUILD_CACHE_INVALID`
 */
export function parseCacheDocument(text: string, place: string): CacheDocument {
  const document = jsonObject(text) as Partial<CacheDocument>;
  const { version, steps } = document;
  if (version === 1 && Array.isArray(steps) && steps.every(isStep)) return { version, steps };
  throw new AppError('BUILD_CACHE_INVALID', `build cache ${place}: its document is not understood`);
}

function isStep(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { key, id, created, step, layer } = value as Partial<RemoteStep>;
  const isNamed = [key, id].every((text) => typeof text === 'string' && hex.test(text));
  if (!isNamed || typeof step !== 'string' || Number.isNaN(Date.parse(String(created)))) {
    return false;
  }
  return layer === undefined || isDigest(String(layer?.diffId));
}

function jsonObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    // Told by the caller, as anything else that is not understood.
    return {};
  }
}
