import { AppError } from '../../core/index.ts';
import type { StateRoots } from '../../state/index.ts';
import type { ExecutionConfig, ImageConfig } from '../oci.wire.ts';
import { formatFamiliar, parseReference, withDefaultTag } from '../reference.ts';
import { commitImage } from '../store/commit.ts';
import { sweepUnfinished } from '../store/sweep.ts';
import type { ArchiveSource } from '../unpack/native-untar.ts';
import { discardLayer, stageLayer } from '../unpack/stage-layer.ts';
import { applyChange } from './change.ts';
import { hostPlatform } from './platform.ts';

export interface ImportOptions {
  readonly roots: StateRoots;
  /** Absolute path of coracle-runtime. */
  readonly native: string;
  /** `NAME[:TAG]`; an image without a name when left out. */
  readonly name?: string;
  /** Instructions as in a Dockerfile: `CMD ["node","app.js"]`, `ENV A=b`. */
  readonly changes?: readonly string[];
  /** Starting point of the changes; empty when left out. */
  readonly config?: ExecutionConfig;
  /** For the image's history. */
  readonly comment?: string;
  /** RFC 3339. The image's id depends on it. */
  readonly created: string;
  readonly signal?: AbortSignal;
}

export interface ImportedImage {
  readonly id: string;
  /** Familiar, with its tag; undefined for an image without a name. */
  readonly reference: string | undefined;
  /** Files and folders in the archive. */
  readonly entries: number;
  /** Bytes of the uncompressed archive. */
  readonly size: number;
  /** Names of extended attributes that could not be kept. */
  readonly skippedXattrs: readonly string[];
}

/**
 * Makes an image of one layer from the archive of a root file system, as `docker import` does.
 * @throws {AppError} `IMAGE_CHANGE_INVALID`, `IMAGE_REFERENCE_INVALID`, `IMAGE_ARCHIVE_…`, `IMAGE_UNPACK_FAILED`
 */
export async function importImage(
  source: ArchiveSource,
  options: ImportOptions,
): Promise<ImportedImage> {
  const { roots, native, signal } = options;
  const reference =
    options.name === undefined ? undefined : withDefaultTag(parseReference(options.name));
  if (reference?.digest !== undefined) {
    throw new AppError(
      'IMAGE_REFERENCE_INVALID',
      `image name "${options.name}": a digest comes from the content and cannot be given`,
    );
  }
  let execution = options.config ?? {};
  for (const change of options.changes ?? []) execution = applyChange(execution, change);
  sweepUnfinished(roots);
  const { layer, tar } = await stageLayer(roots, source, {
    native,
    ...(signal ? { signal } : {}),
  });
  try {
    const config: ImageConfig = {
      created: options.created,
      ...hostPlatform(),
      config: execution,
      rootfs: { type: 'layers', diff_ids: [layer.diffId] },
      history: [{ created: options.created, comment: options.comment ?? 'imported' }],
    };
    const id = await commitImage(roots, {
      config,
      layers: [layer],
      references: reference ? [reference] : [],
    });
    if (id === undefined) throw new Error('a layer that brings its own content needs no other');
    return {
      id,
      reference: reference && formatFamiliar(reference),
      entries: tar.entries,
      size: tar.size,
      skippedXattrs: tar.skippedXattrs,
    };
  } finally {
    // Moved away by a commit; what is still there is of no use.
    discardLayer(layer);
  }
}
