/**
 * Base images without a registry: mmdebstrap makes a root file system from the package servers that the
 * machine's own apt uses.
 *
 * The packages become one layer, files that are copied in a second one. The packages' layer is labelled with a hash
 * of its inputs and re-used for every image that has the same ones, so that a changed file or instruction costs
 * milliseconds.
 */
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { AppError } from '../../core/index.ts';
import type { StateRoots } from '../../state/index.ts';
import { digestHex, digestOf } from '../digest.ts';
import { applyChange } from '../import/change.ts';
import { hostPlatform } from '../import/platform.ts';
import type { ExecutionConfig, HistoryEntry, ImageConfig } from '../oci.wire.ts';
import { formatFamiliar, parseReference, withDefaultTag } from '../reference.ts';
import { removeTree } from '../remove-tree.ts';
import { asDigest, readManifest } from '../store/blobs.ts';
import { commitImage, type StagedLayer } from '../store/commit.ts';
import { ensureStore, storePaths, unfinishedName } from '../store/layout.ts';
import { allImages } from '../store/resolve.ts';
import { sweepUnfinished } from '../store/sweep.ts';
import { discardLayer, stageLayer } from '../unpack/stage-layer.ts';
import { formatAptSource, readAptSources, sourcesOf } from './apt-sources.ts';
import { debstrap } from './mmdebstrap.ts';
import { type CopiedFile, tarFiles } from './tar-files.ts';

export interface BootstrapOptions {
  readonly roots: StateRoots;
  /** Absolute path of coracle-runtime. */
  readonly native: string;
  /** `debian:bookworm-slim`, `ubuntu:noble`: distribution, release, and whether without documentation. */
  readonly base: string;
  /** Further packages. */
  readonly include?: readonly string[];
  readonly copies?: readonly CopiedFile[];
  /** Instructions as in a Dockerfile. */
  readonly changes?: readonly string[];
  /** Name of the image; `base` when left out, which then may not differ from it in content. */
  readonly name?: string;
  /** mmdebstrap's; `minbase` when left out. */
  readonly variant?: string;
  /** `/etc/apt` when left out. */
  readonly aptFolder?: string;
  /** For mmdebstrap: PATH, proxies; `SOURCE_DATE_EPOCH` fixes all times. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly onProgress?: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface BootstrappedImage {
  readonly id: string;
  /** Familiar, with its tag. */
  readonly reference: string;
  /** What was found in the store: nothing, the layer of packages, or the whole image. */
  readonly reused: 'nothing' | 'packages' | 'image';
}

/** Labels by which an image is found again; the value is a hash of the inputs. */
const packagesLabel = 'coracle.bootstrap.packages';
const imageLabel = 'coracle.bootstrap.image';
/** Part of the hashes: to be raised when the same inputs give something else. */
const recipe = 2;
const dayMs = 86_400_000;

const baseConfig: ExecutionConfig = {
  Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
  Cmd: ['bash'],
};

/**
 * Makes an image, or finds the one that was made from the same inputs.
 * @throws {AppError} `IMAGE_BOOTSTRAP_…`, `IMAGE_CHANGE_INVALID`, `IMAGE_REFERENCE_INVALID`
 */
export async function bootstrapImage(options: BootstrapOptions): Promise<BootstrappedImage> {
  const { roots, onProgress } = options;
  const base = parseBase(options.base);
  const reference = withDefaultTag(parseReference(nameOf(options)));
  const sources = aptSourceLines(options.aptFolder ?? '/etc/apt', base);
  const include = [...new Set(options.include?.flatMap((text) => text.split(/[\s,]+/)))]
    .filter(Boolean)
    .sort();
  const variant = options.variant ?? 'minbase';
  // The start of the day: what is made twice on one day from the same packages has the same digest.
  const epoch = Number(
    options.env.SOURCE_DATE_EPOCH ?? Math.floor(options.now / dayMs) * (dayMs / 1000),
  );
  const copied = options.copies?.length ? tarFiles(options.copies, 0) : undefined;
  const platform = hostPlatform();
  const packagesKey = hash([recipe, base, include, variant, sources, platform.architecture]);
  const imageKey = hash([packagesKey, copied ? digestOf(copied) : '', options.changes ?? []]);

  let execution: ExecutionConfig = baseConfig;
  for (const change of options.changes ?? []) execution = applyChange(execution, change);
  execution = {
    ...execution,
    Labels: { ...execution.Labels, [packagesLabel]: packagesKey, [imageLabel]: imageKey },
  };

  ensureStore(roots);
  sweepUnfinished(roots);
  const made = imageWithLabel(roots, imageLabel, imageKey);
  const packages = made ?? imageWithLabel(roots, packagesLabel, packagesKey);
  const staged: StagedLayer[] = [];
  try {
    if (packages) {
      onProgress?.(`re-using the packages of image ${packages.id.slice(7, 19)}`);
      staged.push(storedLayer(roots, packages));
    } else {
      staged.push(await stagePackages({ ...options, include }, { base, variant, sources, epoch }));
    }
    if (copied) {
      const source = Readable.from([copied]);
      staged.push((await stageLayer(roots, source, { native: options.native })).layer);
    }
    const created = made?.config.created ?? new Date(epoch * 1000).toISOString();
    const config: ImageConfig = {
      created,
      ...platform,
      config: execution,
      rootfs: { type: 'layers', diff_ids: staged.map((layer) => layer.diffId) },
      history: history(created, options, include),
    };
    const id = await commitImage(roots, { config, layers: staged, references: [reference] });
    // The layer that was to be re-used has been removed by another process meanwhile.
    if (id === undefined) return await bootstrapImage(options);
    const reused = made ? 'image' : packages ? 'packages' : 'nothing';
    return { id, reference: formatFamiliar(reference), reused };
  } finally {
    for (const layer of staged) discardLayer(layer);
  }
}

interface Base {
  readonly distribution: string;
  readonly suite: string;
  readonly slim: boolean;
}

function parseBase(text: string): Base {
  const [, distribution, suite, slim] =
    /^(debian|ubuntu):([a-z][a-z0-9.]*?)(-slim)?$/.exec(text) ?? [];
  if (distribution === undefined || suite === undefined) {
    throw new AppError(
      'IMAGE_BOOTSTRAP_UNSUPPORTED',
      `base "${text}": only debian:RELEASE[-slim] and ubuntu:RELEASE[-slim] can be made`,
    );
  }
  return { distribution, suite, slim: slim !== undefined };
}

function nameOf({ name, base, include = [], copies = [], changes = [] }: BootstrapOptions): string {
  if (name !== undefined) return name;
  if (include.length + copies.length + changes.length > 0) {
    throw new AppError(
      'IMAGE_REFERENCE_INVALID',
      `image "${base}" with additions of its own needs another name`,
      { hint: 'Give it one with --name.' },
    );
  }
  return base;
}

function aptSourceLines(folder: string, { distribution, suite }: Base): string[] {
  const sources = sourcesOf(readAptSources(folder), suite);
  const others = distribution === 'debian' ? /\/ubuntu(-ports)?\/?$/ : /\/debian(-security)?\/?$/;
  const own = sources.filter(({ uri }) => !others.test(uri));
  if (own.length === 0) {
    throw new AppError(
      'IMAGE_BOOTSTRAP_UNSUPPORTED',
      `no package source in ${folder} is for ${distribution} "${suite}"`,
    );
  }
  return own.map(formatAptSource);
}

function hash(inputs: unknown): string {
  return digestHex(digestOf(JSON.stringify(inputs)));
}

type StoredImage = ReturnType<typeof allImages>[number];

function imageWithLabel(roots: StateRoots, label: string, value: string): StoredImage | undefined {
  return allImages(roots).find((image) => image.config.config?.Labels?.[label] === value);
}

/** The lowest layer of an image that is in the store. */
function storedLayer(roots: StateRoots, image: StoredImage): StagedLayer {
  const [entry] = image.entries;
  const [diffId] = image.config.rootfs.diff_ids;
  const descriptor = entry && readManifest(roots, entry.manifest.digest).layers[0];
  if (diffId === undefined || descriptor === undefined) {
    throw new AppError('IMAGE_CONTENT_DAMAGED', `image ${image.id} has no layers`);
  }
  // Stored as it was made, uncompressed: its size is the archive's.
  return {
    diffId: asDigest(diffId),
    descriptor,
    size: descriptor.size,
    folder: undefined,
    blob: undefined,
  };
}

async function stagePackages(
  options: BootstrapOptions & { readonly include: readonly string[] },
  made: { base: Base; variant: string; sources: readonly string[]; epoch: number },
): Promise<StagedLayer> {
  const { roots, onProgress, signal } = options;
  const archive = join(storePaths(roots).ingest, unfinishedName());
  try {
    await debstrap({
      suite: made.base.suite,
      slim: made.base.slim,
      variant: made.variant,
      include: options.include,
      sources: made.sources,
      epoch: made.epoch,
      target: archive,
      env: options.env,
      ...(onProgress ? { onProgress } : {}),
      ...(signal ? { signal } : {}),
    });
    onProgress?.('unpacking the layer');
    const { layer } = await stageLayer(roots, archive, {
      native: options.native,
      ...(signal ? { signal } : {}),
    });
    return layer;
  } finally {
    removeTree(archive);
  }
}

function history(
  created: string,
  { base, copies = [], changes = [] }: BootstrapOptions,
  include: readonly string[],
): HistoryEntry[] {
  const packages = include.length > 0 ? ` with ${include.join(' ')}` : '';
  return [
    { created, created_by: `coracle image bootstrap ${base}${packages}` },
    ...(copies.length > 0
      ? [{ created, created_by: `COPY ${copies.map(({ to }) => to).join(' ')}` }]
      : []),
    ...changes.map((change) => ({ created, created_by: change, empty_layer: true })),
  ];
}
