import type { Readable } from 'node:stream';
import { AppError } from '../../core/index.ts';
import type { StateRoots } from '../../state/index.ts';
import type { Digest } from '../digest.ts';
import { applyChange } from '../import/change.ts';
import type { ExecutionConfig, ImageConfig } from '../oci.wire.ts';
import { parseReference, withDefaultTag } from '../reference.ts';
import { asDigest, readManifest } from '../store/blobs.ts';
import { commitImage, type StagedLayer } from '../store/commit.ts';
import { type FoundImage, findImage } from '../store/resolve.ts';
import { sweepUnfinished } from '../store/sweep.ts';
import { discardLayer, stageLayer } from '../unpack/stage-layer.ts';

export interface DeriveOptions {
  readonly roots: StateRoots;
  /** Absolute path of coracle-runtime. */
  readonly native: string;
  /** `NAME[:TAG]`; an image without a name when left out. */
  readonly name?: string;
  /** What a container of the new image gets, before the changes. */
  readonly config: ExecutionConfig;
  /** Instructions as in a Dockerfile: `CMD ["node","app.js"]`. */
  readonly changes?: readonly string[];
  readonly author?: string;
  readonly comment?: string;
  /** What the history says that made the layer. */
  readonly createdBy?: string;
  /** RFC 3339. */
  readonly created: string;
}

/**
 * Makes an image of another one and one more layer, as `docker commit` does.
 * @param layer archive of the new layer.
 * @returns the image's id.
 * @throws {AppError} `IMAGE_NOT_FOUND`, `IMAGE_CHANGE_INVALID`, `IMAGE_REFERENCE_INVALID`, `IMAGE_ARCHIVE_…`
 */
export async function deriveImage(
  baseId: string,
  layer: () => Promise<Readable>,
  options: DeriveOptions,
): Promise<string> {
  const { roots, native, created, author, comment } = options;
  const reference =
    options.name === undefined ? undefined : withDefaultTag(parseReference(options.name));
  if (reference?.digest !== undefined) {
    throw new AppError(
      'IMAGE_REFERENCE_INVALID',
      `image name "${options.name}": a digest comes from the content and cannot be given`,
    );
  }
  let execution = options.config;
  for (const change of options.changes ?? []) execution = applyChange(execution, change);
  const base = findImage(roots, baseId);
  const below = storedLayers(roots, base);
  sweepUnfinished(roots);
  const staged = await stageLayer(roots, await layer(), { native });
  try {
    const config: ImageConfig = {
      ...base.config,
      created,
      ...(author === undefined ? {} : { author }),
      config: execution,
      rootfs: {
        type: 'layers',
        diff_ids: [...base.config.rootfs.diff_ids, staged.layer.diffId],
      },
      history: [
        ...(base.config.history ?? []),
        {
          created,
          ...(options.createdBy === undefined ? {} : { created_by: options.createdBy }),
          ...(author === undefined ? {} : { author }),
          ...(comment === undefined ? {} : { comment }),
        },
      ],
    };
    const id = await commitImage(roots, {
      config,
      layers: [...below, staged.layer],
      references: reference ? [reference] : [],
    });
    if (id !== undefined) return id;
    throw new AppError('IMAGE_LAYER_MISSING', `image ${baseId}: a layer was removed meanwhile`);
  } finally {
    // Moved away by the commit; what is still there is of no use.
    discardLayer(staged.layer);
  }
}

/** The layers of an image of the store, lowest first. Its size is known as a whole: the lowest one carries it. */
function storedLayers(roots: StateRoots, { id, entries, config }: FoundImage): StagedLayer[] {
  const [entry] = entries;
  if (entry === undefined)
    throw new AppError('IMAGE_NOT_FOUND', `image "${id}" is not in the store`);
  const { layers } = readManifest(roots, entry.manifest.digest);
  return config.rootfs.diff_ids.map((diffId, index): StagedLayer => {
    const descriptor = layers[index];
    if (descriptor === undefined) {
      throw new AppError('IMAGE_CONTENT_DAMAGED', `image ${id}: its manifest lacks layer ${index}`);
    }
    return {
      diffId: asDigest(diffId) as Digest,
      descriptor,
      size: index === 0 ? entry.size : 0,
      folder: undefined,
      blob: undefined,
    };
  });
}
