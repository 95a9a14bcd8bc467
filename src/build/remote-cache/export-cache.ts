import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { isAppError } from '../../core/index.ts';
import { type LayerFile, mediaTypes, removeTree, unfinishedName } from '../../image/index.ts';
import type { CacheTarget } from '../build-options.ts';
import { buildPaths } from '../cache/build-paths.ts';
import type { StepRecord } from '../cache/step-cache.ts';
import type { BuildRun, SolvedStage, SolvedStep } from '../graph/build-run.ts';
import { packLayer } from '../native/tree.ts';
import { layerGone } from '../steps/file-source.ts';
import type { CacheDocument, RemoteStep } from './cache-document.ts';
import { documentDescriptor, placeName, writeCache } from './cache-place.ts';

/** What is written once is read often. */
const gzipLevel = 4;

/**
 * Writes the steps of a build to where other machines' builds find them: with `min` those of the image, with `max` those of all its
 * stages.
 * @throws {AppError} `REGISTRY_…`, unless the target says that its failures do not count.
 */
export async function exportCaches(
  run: BuildRun,
  targets: readonly CacheTarget[],
  { image, all }: { readonly image: SolvedStage; readonly all: readonly SolvedStage[] },
): Promise<void> {
  const folder = join(buildPaths(run.builder.roots).work, unfinishedName());
  const packed = new Map<string, Promise<PackedStep>>();
  try {
    for (const target of targets) {
      const stages = target.mode === 'max' ? all : [image];
      const steps = new Map(stages.flatMap((stage) => stage.steps.map((step) => [step.key, step])));
      try {
        await run.progress.run(
          `exporting cache to ${placeName(target.place)}`,
          async (reporter) => {
            reporter.start();
            mkdirSync(folder, { recursive: true, mode: 0o700 });
            await exportTo(run, target, [...steps.values()], { folder, packed });
          },
        );
      } catch (error) {
        if (!target.ignoreError || !isAppError(error)) throw error;
      }
    }
  } finally {
    removeTree(folder);
  }
}

type PackedStep = NonNullable<RemoteStep['layer']> & { readonly path: string };

interface Work {
  readonly folder: string;
  /** By a step's id. */
  readonly packed: Map<string, Promise<PackedStep>>;
}

async function exportTo(
  run: BuildRun,
  { place }: CacheTarget,
  steps: readonly SolvedStep[],
  work: Work,
): Promise<void> {
  const layers = new Map<string, LayerFile>();
  const remote: RemoteStep[] = [];
  for (const { key, record } of steps) {
    const { id, created, step, isEmpty } = record;
    if (isEmpty) {
      remote.push({ key, id, created, step });
      continue;
    }
    const packing = work.packed.get(id) ?? pack(run, record, join(work.folder, id));
    work.packed.set(id, packing);
    const { diffId, descriptor, path } = await packing;
    layers.set(descriptor.digest, { descriptor, path });
    remote.push({ key, id, created, step, layer: { diffId, descriptor } });
  }
  const document: CacheDocument = { version: 1, steps: remote };
  const text = JSON.stringify(document);
  const path = join(work.folder, 'document');
  writeFileSync(path, text);
  const cache = {
    document: { descriptor: documentDescriptor(text), path },
    layers: [...layers.values()],
  };
  await writeCache(place, cache, { ...run.builder.registry, signal: run.signal });
}

async function pack(run: BuildRun, record: StepRecord, path: string): Promise<PackedStep> {
  const folder = run.cache.folder(record);
  if (folder === undefined) throw layerGone();
  const tar = `${path}.tar`;
  const { diffId } = await packLayer(run.builder.native, folder, tar, run.epoch);
  const hash = createHash('sha256');
  const hashed = new Transform({
    transform(chunk, _encoding, done) {
      hash.update(chunk);
      done(undefined, chunk);
    },
  });
  await pipeline(
    createReadStream(tar),
    createGzip({ level: gzipLevel }),
    hashed,
    createWriteStream(path, { mode: 0o600 }),
    { signal: run.signal },
  );
  removeTree(tar);
  const digest = `sha256:${hash.digest('hex')}`;
  const { size } = statSync(path);
  return { diffId, path, descriptor: { mediaType: mediaTypes.layerGzip, digest, size } };
}
