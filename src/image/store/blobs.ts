import { readFileSync } from 'node:fs';
import { AppError } from '../../core/index.ts';
import { isErrno, type StateRoots, writeFileAtomic } from '../../state/index.ts';
import { type Digest, digestOf, isDigest } from '../digest.ts';
import type { Descriptor, ImageConfig, ImageManifest } from '../oci.wire.ts';
import { storePaths } from './layout.ts';

/**
 * Reads a small blob (manifest, configuration) and checks its digest.
 * @throws {AppError} `IMAGE_CONTENT_DAMAGED`
 */
export function readBlob(roots: StateRoots, digest: string): Buffer {
  if (!isDigest(digest)) {
    throw new AppError('IMAGE_CONTENT_DAMAGED', `"${digest}" is no sha256 digest`);
  }
  const path = storePaths(roots).blob(digest);
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    if (!isErrno(cause, 'ENOENT')) throw cause;
    throw new AppError('IMAGE_CONTENT_DAMAGED', `blob ${path} is missing`, { cause });
  }
  const found = digestOf(bytes);
  if (found !== digest) {
    throw new AppError('IMAGE_CONTENT_DAMAGED', `blob ${path} has the digest ${found}`);
  }
  return bytes;
}

/** Stores a small blob; writing the same one again is harmless. */
export function writeBlob(roots: StateRoots, mediaType: string, content: string): Descriptor {
  const digest = digestOf(content);
  const path = storePaths(roots).blob(digest);
  const size = Buffer.byteLength(content);
  if (!isWritten(path, content)) writeFileAtomic(path, content);
  return { mediaType, digest, size };
}

/** One that was damaged on the disk is written again. */
function isWritten(path: string, content: string): boolean {
  try {
    return readFileSync(path, 'utf8') === content;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

/** A manifest, checked as far as we rely on it. */
export function readManifest(roots: StateRoots, digest: string): ImageManifest {
  const value = parseObject(roots, digest) as Partial<ImageManifest>;
  if (typeof value.config?.digest !== 'string' || !Array.isArray(value.layers)) {
    throw new AppError(
      'IMAGE_CONTENT_DAMAGED',
      `manifest ${digest} names no configuration or layers`,
    );
  }
  return value as ImageManifest;
}

/** An image's configuration, checked as far as we rely on it. */
export function readConfig(roots: StateRoots, digest: string): ImageConfig {
  const value = parseObject(roots, digest) as Partial<ImageConfig>;
  const diffIds = value.rootfs?.diff_ids;
  if (!Array.isArray(diffIds) || !diffIds.every((id) => typeof id === 'string' && isDigest(id))) {
    throw new AppError('IMAGE_CONTENT_DAMAGED', `configuration ${digest} lists no layers`);
  }
  return value as ImageConfig;
}

function parseObject(roots: StateRoots, digest: string): object {
  const bytes = readBlob(roots, digest);
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new AppError('IMAGE_CONTENT_DAMAGED', `blob ${digest} is no JSON`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AppError('IMAGE_CONTENT_DAMAGED', `blob ${digest} is no JSON object`);
  }
  return value;
}

/** The digest as a type that can name files. */
export function asDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new AppError('IMAGE_CONTENT_DAMAGED', `"${text}" is no sha256 digest`);
}
