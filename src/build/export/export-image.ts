import { existsSync } from 'node:fs';
import {
  digestOf,
  discardLayer,
  findStored,
  hasBlob,
  type ImageConfig,
  ingestPath,
  layerFolder,
  mediaTypes,
  type StagedLayer,
  stageLayer,
  storeAssembled,
} from '../../image/index.ts';
import { isErrno } from '../../state/index.ts';
import type { BuiltImage } from '../build-options.ts';
import type { BuildRun, SolvedStage } from '../graph/build-run.ts';
import type { BuildLayer } from '../graph/file-state.ts';
import { packLayer } from '../native/tree.ts';
import type { VertexReporter } from '../progress.ts';
import { layerGone } from '../steps/file-source.ts';

/** What was given by an archive's name, with its digest: `sha256:…`. */
type Digest = StagedLayer['diffId'];

const attempts = 3;

/** How a step's folder gets to the image store: renamed, or, where that is another mount, unpacked there from its archive. */
type Place = 'rename' | 'unpack';

/**
 * Makes a stage an image of the store: its steps' folders become layers by a rename, with their digests, which nothing has needed
 * before.
 */
export async function exportImage(
  run: BuildRun,
  stage: SolvedStage,
  tags: readonly string[],
  reporter: VertexReporter,
): Promise<Omit<BuiltImage, 'references' | 'warnings'>> {
  let place: Place = 'rename';
  for (let attempt = 1; ; attempt += 1) {
    try {
      const stored = await tryExport(run, stage, { tags, place }, reporter);
      if (stored !== undefined) return stored;
    } catch (error) {
      if (isErrno(error, 'EXDEV') && place === 'rename') {
        place = 'unpack';
        continue;
      }
      // Another build has taken a folder over for an image of its own; it is found there the next time.
      if (!isErrno(error, 'ENOENT') || attempt === attempts) throw error;
    }
    if (attempt === attempts) throw layerGone();
  }
}

async function tryExport(
  run: BuildRun,
  stage: SolvedStage,
  { tags, place }: { readonly tags: readonly string[]; readonly place: Place },
  reporter: VertexReporter,
): Promise<Omit<BuiltImage, 'references' | 'warnings'> | undefined> {
  const { roots } = run.builder;
  const layers: StagedLayer[] = [];
  try {
    for (const layer of stage.state.layers)
      layers.push(await stagedLayer(run, layer, place, reporter));
    const [first, ...rest] = layers;
    // The store counts an image's bytes; those of the base are known as a sum only.
    const counted =
      first === undefined ? [] : [{ ...first, size: first.size + stage.baseSize }, ...rest];
    const config = imageConfig(run, stage, layers);
    const id = digestOf(JSON.stringify(config));
    const known = findStored(roots, id, tags);
    if (known !== undefined) {
      reporter.isCached = true;
      return known;
    }
    reporter.start();
    return await storeAssembled(roots, { config, layers: counted, tags });
  } finally {
    // A folder belongs to the cache, unless it was unpacked anew; an archive to nobody but who took it over.
    for (const layer of layers) {
      discardLayer(place === 'unpack' ? layer : { ...layer, folder: undefined });
    }
  }
}

async function stagedLayer(
  run: BuildRun,
  layer: BuildLayer,
  place: Place,
  reporter: VertexReporter,
): Promise<StagedLayer> {
  const { roots, native } = run.builder;
  if (layer.kind === 'stored') {
    const { diffId, descriptor } = layer.layer;
    return { diffId, descriptor, size: 0, folder: undefined, blob: undefined };
  }
  // As it is now: another image may have taken the folder over since.
  const record = run.cache.find(layer.key) ?? layer.record;
  const folder = run.cache.folder(record);
  if (folder === undefined) throw layerGone();
  const isStored =
    record.layer !== undefined && existsSync(layerFolder(roots, record.layer.diffId));
  if (record.layer !== undefined && isStored && hasBlob(roots, record.layer.descriptor)) {
    return {
      diffId: record.layer.diffId as Digest,
      descriptor: record.layer.descriptor,
      size: record.layer.size,
      folder: undefined,
      blob: undefined,
    };
  }
  reporter.start();
  const blob = ingestPath(roots);
  const packed = await packLayer(native, folder, blob, run.epoch);
  const descriptor = { mediaType: mediaTypes.layer, digest: packed.diffId, size: packed.size };
  // Written before the folder moves: whoever looks for it then knows both places.
  run.cache.write(layer.key, {
    ...record,
    layer: { diffId: packed.diffId, descriptor, size: packed.size },
  });
  if (place === 'unpack' && !isStored) {
    return (await stageLayer(roots, blob, { native, adopt: true })).layer;
  }
  return {
    diffId: packed.diffId as Digest,
    descriptor,
    size: packed.size,
    folder: isStored ? undefined : folder,
    blob,
  };
}

function imageConfig(
  run: BuildRun,
  { config, created }: SolvedStage,
  layers: readonly StagedLayer[],
): ImageConfig {
  const labels = { ...config.execution.Labels, ...run.options.labels };
  const fixed = run.epoch === undefined ? undefined : new Date(run.epoch * 1000).toISOString();
  const { os, architecture, variant } = run.platform;
  return {
    created: fixed ?? created ?? '0001-01-01T00:00:00Z',
    ...(config.author === undefined ? {} : { author: config.author }),
    architecture,
    ...(variant === undefined ? {} : { variant }),
    os,
    config: {
      ...config.execution,
      ...(Object.keys(labels).length === 0 ? {} : { Labels: labels }),
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history:
      fixed === undefined
        ? config.history
        : config.history.map((entry) => ({ ...entry, created: fixed })),
  };
}
