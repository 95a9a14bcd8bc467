/**
 * `docker save` and OCI archives into the store. The outer archive is unpacked into an unfinished folder of the
 * store; its layers are then unpacked side by side, and the files that held them become blobs by a rename.
 */
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../core/index.ts';
import type { StateRoots } from '../../state/index.ts';
import { hostPlatform } from '../import/platform.ts';
import { formatFamiliar } from '../reference.ts';
import { removeTree } from '../remove-tree.ts';
import { commitImage, type StagedLayer } from '../store/commit.ts';
import { ensureStore, storePaths, unfinishedName } from '../store/layout.ts';
import { sweepUnfinished } from '../store/sweep.ts';
import { type ArchiveSource, untar } from '../unpack/native-untar.ts';
import { discardLayer, stageLayer } from '../unpack/stage-layer.ts';
import { type ArchivedImage, type ArchivedLayer, readArchive } from './read-archive.ts';
import { storedLayerOf } from './stored-layer.ts';

export interface LoadOptions {
  readonly roots: StateRoots;
  /** Absolute path of coracle-runtime. */
  readonly native: string;
  readonly signal?: AbortSignal;
}

export interface LoadedImage {
  readonly id: string;
  /** Familiar, with tags; empty for an image without names. */
  readonly references: readonly string[];
}

/**
 * Loads every image of an archive, compressed or not.
 * @throws {AppError} `IMAGE_ARCHIVE_…`, `IMAGE_CONTENT_DAMAGED`, `IMAGE_PLATFORM_UNSUPPORTED`, `IMAGE_UNPACK_FAILED`
 */
export async function loadImages(
  source: ArchiveSource,
  options: LoadOptions,
): Promise<LoadedImage[]> {
  const { roots } = options;
  ensureStore(roots);
  sweepUnfinished(roots);
  const folder = join(storePaths(roots).ingest, unfinishedName());
  mkdirSync(folder, { mode: 0o700 });
  try {
    await untar(source, { ...options, folder, verbatim: true });
    const loaded: LoadedImage[] = [];
    const placed: PlacedLayers = new Map();
    for (const image of readArchive(folder)) loaded.push(await loadImage(image, options, placed));
    return loaded;
  } finally {
    removeTree(folder);
  }
}

/** Layers that an earlier image of the archive has brought into the store, by the file that held them. */
type PlacedLayers = Map<string, StagedLayer>;

async function loadImage(
  image: ArchivedImage,
  options: LoadOptions,
  placed: PlacedLayers,
): Promise<LoadedImage> {
  const { roots } = options;
  const { architecture, os } = image.config;
  const host = hostPlatform();
  if (os !== host.os || architecture !== host.architecture) {
    throw new AppError(
      'IMAGE_PLATFORM_UNSUPPORTED',
      `image ${image.references.map(formatFamiliar).join(', ') || image.configDigest} is for ${os}/${architecture}, this machine is ${host.os}/${host.architecture}`,
    );
  }
  const staged = await stageLayers(image.layers, options, placed);
  try {
    const layers = image.layers.map(({ file }) => staged.get(file) as StagedLayer);
    const id = await commitImage(roots, { ...image, layers });
    // A layer that the store had was removed after we had looked: this time it is staged.
    if (id === undefined) return await loadImage(image, options, placed);
    for (const [file, layer] of staged) {
      placed.set(file, { ...layer, folder: undefined, blob: undefined });
    }
    return { id, references: image.references.map(formatFamiliar) };
  } finally {
    discardFolders(staged.values());
  }
}

async function stageLayers(
  layers: readonly ArchivedLayer[],
  options: LoadOptions,
  placed: PlacedLayers,
): Promise<Map<string, StagedLayer>> {
  const { default: PQueue } = await import('p-queue');
  const queue = new PQueue({ concurrency: availableParallelism() });
  const staged = new Map<string, StagedLayer>();
  const byFile = new Map(layers.map((layer) => [layer.file, layer]));
  const results = await Promise.allSettled(
    Array.from(byFile, ([file, layer]) =>
      queue.add(async () => {
        staged.set(file, placed.get(file) ?? (await stage(layer, options)));
      }),
    ),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed === undefined) return staged;
  discardFolders(staged.values());
  throw failed.reason;
}

/** The archive's own files go with its folder: an image that is loaded again may still need them. */
function discardFolders(layers: Iterable<StagedLayer>): void {
  for (const layer of layers) discardLayer({ ...layer, blob: undefined });
}

async function stage(layer: ArchivedLayer, options: LoadOptions): Promise<StagedLayer> {
  const stored = storedLayerOf(options.roots, layer);
  if (stored) return stored;
  const { layer: staged } = await stageLayer(options.roots, layer.file, {
    native: options.native,
    diffId: layer.diffId,
    adopt: true,
    ...(layer.descriptor ? { digest: layer.descriptor.digest } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  // The manifest keeps the media type that it had.
  return layer.descriptor ? { ...staged, descriptor: layer.descriptor } : staged;
}
