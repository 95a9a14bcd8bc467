import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AppError, isAppError } from '../../core/index.ts';
import type { StateRoots } from '../../state/index.ts';
import type { Digest } from '../digest.ts';
import { mediaTypes } from '../oci.wire.ts';
import { removeTree } from '../remove-tree.ts';
import type { StagedLayer } from '../store/commit.ts';
import { ensureStore, storePaths, unfinishedName } from '../store/layout.ts';
import { type ArchiveSource, type UnpackedTar, untar } from './native-untar.ts';

export interface StageOptions {
  readonly native: string;
  readonly signal?: AbortSignal;
  /** Fail unless the uncompressed archive has this digest. */
  readonly diffId?: Digest;
  /** Fail unless the archive itself has this digest. */
  readonly digest?: Digest;
  /** The archive is an unfinished file of ours in the store: it becomes the blob itself, uncopied. */
  readonly adopt?: boolean;
  /** File that the archive's bytes are kept in; after a failure that is not the content's it stays, for a later try. */
  readonly blob?: string;
}

/** A staged layer and what was found out about its archive. */
export interface StagedTar {
  readonly layer: StagedLayer;
  readonly tar: UnpackedTar;
}

const layerTypes = {
  none: mediaTypes.layer,
  gzip: mediaTypes.layerGzip,
  zstd: mediaTypes.layerZstd,
} as const;

/**
 * Unpacks a layer beside the store and keeps its archive as a blob. Nothing of it counts before
 * `commitImage`; after a kill it is swept as unfinished.
 * @throws {AppError} `IMAGE_CONTENT_DAMAGED` where a digest differs; what `untar` throws
 */
export async function stageLayer(
  roots: StateRoots,
  source: ArchiveSource,
  options: StageOptions,
): Promise<StagedTar> {
  ensureStore(roots);
  const paths = storePaths(roots);
  const name = unfinishedName();
  // Beside the layers, not in ingest: the rename must stay within one file system, and layers may be one of its own.
  const folder = join(paths.layers, name);
  const adopted = options.adopt && typeof source === 'string' ? source : undefined;
  const blob = adopted ?? options.blob ?? join(paths.ingest, name);
  // A layer without an entry for its root gets the usual mode.
  mkdirSync(folder, { mode: 0o755 });
  try {
    const tar = await untar(source, {
      native: options.native,
      folder,
      ...(adopted === undefined ? { copy: blob } : {}),
      ...(options.signal ? { signal: options.signal } : {}),
    });
    checkDigest('layer', options.diffId, tar.diffId);
    checkDigest('blob', options.digest, tar.digest);
    const descriptor = {
      mediaType: layerTypes[tar.compression],
      digest: tar.digest,
      size: tar.rawSize,
    };
    return { tar, layer: { diffId: tar.diffId, descriptor, size: tar.size, folder, blob } };
  } catch (error) {
    removeTree(folder);
    if (options.blob === undefined || isContentAtFault(error)) removeTree(blob);
    throw error;
  }
}

/** Removes what a staging that will not be committed has left. */
export function discardLayer(layer: StagedLayer): void {
  if (layer.folder !== undefined) removeTree(layer.folder);
  if (layer.blob !== undefined) removeTree(layer.blob);
}

function isContentAtFault(error: unknown): boolean {
  return isAppError(error, 'IMAGE_CONTENT_DAMAGED') || isAppError(error, 'IMAGE_ARCHIVE_INVALID');
}

function checkDigest(what: string, wanted: Digest | undefined, found: Digest): void {
  if (wanted === undefined || wanted === found) return;
  throw new AppError(
    'IMAGE_CONTENT_DAMAGED',
    `${what} ${wanted} of the archive has the digest ${found}`,
  );
}
