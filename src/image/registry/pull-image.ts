/**
 * An image from a registry into the store. Layers are fetched, checked, decompressed and unpacked as they arrive, several at
 * once; nothing counts before all of them are there (store/commit.ts).
 */
import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { AppError, isAppError } from '../../core/index.ts';
import type { StateRoots } from '../../state/index.ts';
import { type Digest, isDigest } from '../digest.ts';
import type { Descriptor, ImageConfig, ImageManifest, Platform } from '../oci.wire.ts';
import { mediaTypes } from '../oci.wire.ts';
import {
  formatFamiliar,
  formatReference,
  type ImageReference,
  parseReference,
  withDefaultTag,
} from '../reference.ts';
import { removeTree } from '../remove-tree.ts';
import { asDigest, readConfig } from '../store/blobs.ts';
import { commitImage, type StagedLayer } from '../store/commit.ts';
import { readIndex } from '../store/index-file.ts';
import { ensureStore, storePaths } from '../store/layout.ts';
import { notePulled } from '../store/pull-times.ts';
import { sweepUnfinished } from '../store/sweep.ts';
import { stageLayer } from '../unpack/stage-layer.ts';
import { blobStream } from './blob-stream.ts';
import { chooseManifest, isIndex, manifestTypes } from './choose-manifest.ts';
import type { Credentials } from './credentials.ts';
import { claimPartial, partialPath } from './partial-blobs.ts';
import type { LayerProgress } from './pull-progress.ts';
import { type FetchedManifest, RegistryClient } from './registry-client.ts';
import { type RegistryEnv, readRegistrySettings } from './registry-settings.ts';
import { releaseLayers, shareLayer } from './shared-layers.ts';

export interface RegistryOptions {
  readonly roots: StateRoots;
  /** Absolute path of coracle-runtime. */
  readonly native: string;
  readonly env: RegistryEnv;
  /** Registries that may be reached without TLS, besides those of the settings. */
  readonly insecure?: readonly string[];
  readonly credentials?: Credentials;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: LayerProgress) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface PullOptions extends RegistryOptions {
  /** This machine's when left out. */
  readonly platform?: Platform;
}

export interface PulledImage {
  /** Digest of the configuration. */
  readonly id: string;
  /** Familiar, with its tag or digest. */
  readonly reference: string;
  /** Digest of what the name stands for at the registry: an index, or a manifest. */
  readonly digest: Digest;
  /** False where the store had just this image under this name. */
  readonly isNew: boolean;
}

/** An image's manifest and configuration, checked for agreeing with each other. */
interface RemoteImage {
  readonly manifest: { readonly mediaType: string; readonly bytes: string };
  readonly manifestDigest: Digest;
  readonly layers: readonly (Descriptor & { readonly digest: Digest })[];
  readonly configDigest: Digest;
}

/** More at once help only where the registry is far away. */
const leastDownloads = 3;

/**
 * Pulls an image by name.
 * @throws {AppError} `REGISTRY_…`, `IMAGE_REFERENCE_INVALID`, `IMAGE_PLATFORM_UNSUPPORTED`, `IMAGE_UNPACK_FAILED`
 */
export async function pullImage(name: string, options: PullOptions): Promise<PulledImage> {
  const reference = withDefaultTag(parseReference(name));
  const settings = readRegistrySettings(options.env, options.insecure);
  const mirrors = reference.domain === 'docker.io' ? settings.mirrors : [];
  const clientOptions = { ...options, domain: reference.domain, settings };
  for (const baseUrl of mirrors) {
    const mirror = new RegistryClient({ ...clientOptions, baseUrl });
    try {
      return await pullFrom(mirror, reference, options);
    } catch (error) {
      // A mirror may be away or not have it; then the registry itself is asked.
      if (options.signal?.aborted || !isMirrorFailure(error)) throw error;
    } finally {
      mirror.close();
    }
  }
  const client = new RegistryClient(clientOptions);
  try {
    return await pullFrom(client, reference, options);
  } finally {
    client.close();
  }
}

function isMirrorFailure(error: unknown): boolean {
  return isAppError(error) && error.code.startsWith('REGISTRY_');
}

async function pullFrom(
  client: RegistryClient,
  reference: ImageReference,
  options: PullOptions,
): Promise<PulledImage> {
  const { roots } = options;
  ensureStore(roots);
  sweepUnfinished(roots);
  const { digest, image } = await fetchImage(client, reference, options.platform);
  const familiar = formatFamiliar(reference);
  if (isStored(roots, reference, image)) {
    for (const { digest: layer } of image.layers) report(options, layer, 'Already exists');
    notePulled(roots, withoutTag(reference), options.now());
    return { id: image.configDigest, reference: familiar, digest, isNew: false };
  }
  const configBytes = await client.smallBlob(reference.repository, image.configDigest);
  const config = parseConfig(configBytes, image, familiar);
  for (;;) {
    const staged = await stageLayers(client, reference, image, config, options);
    try {
      const id = await commitImage(roots, {
        config,
        configBytes,
        manifest: image.manifest,
        layers: staged,
        references: [withoutTag(reference)],
        ...(digest === image.manifestDigest ? {} : { sourceDigest: digest }),
      });
      // A layer that the store had was removed after we had looked: this time it is fetched.
      if (id === undefined) continue;
      notePulled(roots, withoutTag(reference), options.now());
      return { id, reference: familiar, digest, isNew: true };
    } finally {
      releaseLayers(staged);
    }
  }
}

/** `name:tag@digest` is kept under its digest alone, as Docker does. */
function withoutTag(reference: ImageReference): ImageReference {
  if (reference.digest === undefined) return reference;
  const { tag: _tag, ...named } = reference;
  return named;
}

async function fetchImage(
  client: RegistryClient,
  reference: ImageReference,
  platform: Platform | undefined,
): Promise<{ digest: Digest; image: RemoteImage }> {
  const name = formatFamiliar(reference);
  const top = await fetchManifest(client, reference, reference.digest ?? reference.tag ?? 'latest');
  let fetched = top;
  for (let depth = 0; ; depth += 1) {
    const document = parseDocument(fetched, name);
    if (!isIndex(fetched.mediaType, document)) {
      return { digest: top.digest, image: checkManifest(fetched, document, name) };
    }
    if (depth > 2) throw invalidAnswer(name, 'its indexes do not end');
    const chosen = chooseManifest(document, name, platform);
    if (!isDigest(chosen.digest)) throw invalidAnswer(name, `"${chosen.digest}" is no digest`);
    fetched = await fetchManifest(client, reference, chosen.digest);
  }
}

async function fetchManifest(
  client: RegistryClient,
  reference: ImageReference,
  tagOrDigest: string,
): Promise<FetchedManifest> {
  const found = await client.manifest(reference.repository, tagOrDigest, manifestTypes);
  if (found !== undefined) return found;
  throw new AppError(
    'REGISTRY_MANIFEST_UNKNOWN',
    `registry ${client.domain} has no image ${formatFamiliar(reference)}`,
    { details: { reference: formatReference(reference) } },
  );
}

function checkManifest(
  { mediaType, bytes, digest }: FetchedManifest,
  document: object,
  name: string,
): RemoteImage {
  const { config, layers, mediaType: own } = document as Partial<ImageManifest>;
  if (typeof config?.digest !== 'string' || !isDigest(config.digest) || !Array.isArray(layers)) {
    throw invalidAnswer(name, 'its manifest names no configuration or layers');
  }
  const checked = layers.map((layer: Partial<Descriptor>) => {
    if (
      typeof layer?.digest !== 'string' ||
      !isDigest(layer.digest) ||
      !Number.isSafeInteger(layer.size)
    ) {
      throw invalidAnswer(name, 'its manifest describes a layer without digest or size');
    }
    const type = layer.mediaType ?? mediaTypes.layerGzip;
    if (!isLayerType(type)) {
      throw new AppError(
        'IMAGE_ARCHIVE_INVALID',
        `image ${name}: "${type}" is no layer of a file system`,
      );
    }
    return { mediaType: type, digest: layer.digest, size: Number(layer.size) };
  });
  return {
    manifest: { mediaType: own ?? mediaType, bytes },
    manifestDigest: digest,
    layers: checked,
    configDigest: config.digest,
  };
}

function isLayerType(mediaType: string): boolean {
  return /^application\/vnd\.(oci\.image\.layer\.v1\.tar|docker\.image\.rootfs\.diff\.tar)(\+gzip|\+zstd|\.gzip|\.zstd)?$/.test(
    mediaType,
  );
}

function parseDocument({ bytes }: FetchedManifest, name: string): object {
  let value: unknown;
  try {
    value = JSON.parse(bytes);
  } catch {
    // Told below.
  }
  if (typeof value === 'object' && value !== null) return value;
  throw invalidAnswer(name, 'its manifest is no JSON object');
}

function parseConfig(bytes: string, { layers }: RemoteImage, name: string): ImageConfig {
  let value: Partial<ImageConfig> | null = null;
  try {
    value = JSON.parse(bytes);
  } catch {
    // Told below.
  }
  const diffIds = value?.rootfs?.diff_ids;
  if (!Array.isArray(diffIds) || diffIds.length !== layers.length || !diffIds.every(isDigest)) {
    throw invalidAnswer(name, 'its configuration and its manifest list different layers');
  }
  if (typeof value?.os !== 'string' || typeof value.architecture !== 'string') {
    throw invalidAnswer(name, 'its configuration names no platform');
  }
  return value as ImageConfig;
}

function invalidAnswer(name: string, why: string): AppError {
  return new AppError('REGISTRY_ANSWER_INVALID', `image ${name}: ${why}`);
}

/** True where the name means this very image already, with all that it is made of. */
function isStored(roots: StateRoots, reference: ImageReference, image: RemoteImage): boolean {
  const name = formatReference(withoutTag(reference));
  const entry = readIndex(roots).find((one) => one.name === name);
  if (entry?.imageId !== image.configDigest) return false;
  return entry.manifest.digest === image.manifestDigest && isComplete(roots, image);
}

/** What was damaged and taken away (`coracle system fsck`), or lost, is brought again by a pull. */
function isComplete(roots: StateRoots, { layers, configDigest, manifestDigest }: RemoteImage) {
  const { blob, layer: folder } = storePaths(roots);
  const sizeOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.size;
  try {
    return (
      sizeOf(blob(manifestDigest)) !== undefined &&
      layers.every(({ digest, size }) => sizeOf(blob(digest)) === size) &&
      readConfig(roots, configDigest).rootfs.diff_ids.every(
        (id) => sizeOf(folder(asDigest(id))) !== undefined,
      )
    );
  } catch (error) {
    if (isAppError(error, 'IMAGE_CONTENT_DAMAGED')) return false;
    throw error;
  }
}

async function stageLayers(
  client: RegistryClient,
  reference: ImageReference,
  image: RemoteImage,
  config: ImageConfig,
  options: PullOptions,
): Promise<StagedLayer[]> {
  const { default: PQueue } = await import('p-queue');
  const queue = new PQueue({ concurrency: Math.max(leastDownloads, availableParallelism()) });
  const failed = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal;
  const byDigest = new Map<string, Promise<StagedLayer>>();
  for (const [index, layer] of image.layers.entries()) {
    if (byDigest.has(layer.digest)) continue;
    const diffId = config.rootfs.diff_ids[index] as Digest;
    report(options, layer.digest, 'Pulling fs layer');
    const staged = queue.add(() =>
      stageRemote(client, reference.repository, layer, diffId, { ...options, signal }),
    );
    byDigest.set(layer.digest, staged as Promise<StagedLayer>);
  }
  const settled = await Promise.allSettled(
    Array.from(byDigest.values(), (staged) =>
      staged.catch((error: unknown) => {
        // The others would only finish for nothing.
        failed.abort(error);
        throw error;
      }),
    ),
  );
  const failure = settled.find((result) => result.status === 'rejected');
  if (failure !== undefined) {
    releaseLayers(
      settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
    );
    throw options.signal?.aborted
      ? options.signal.reason
      : (failed.signal.reason ?? failure.reason);
  }
  return Promise.all(
    image.layers.map(({ digest }) => byDigest.get(digest) as Promise<StagedLayer>),
  );
}

async function stageRemote(
  client: RegistryClient,
  repository: string,
  layer: Descriptor & { readonly digest: Digest },
  diffId: Digest,
  options: PullOptions,
): Promise<StagedLayer> {
  const { roots, signal } = options;
  signal?.throwIfAborted();
  const stored = storedLayer(roots, layer, diffId);
  if (stored !== undefined) {
    report(options, layer.digest, 'Already exists');
    return stored;
  }
  const staged = await shareLayer([roots.data, layer.digest, diffId].join(' '), () =>
    fetchLayer(client, repository, layer, diffId, options),
  );
  report(options, layer.digest, 'Pull complete');
  return staged;
}

async function fetchLayer(
  client: RegistryClient,
  repository: string,
  layer: Descriptor & { readonly digest: Digest },
  diffId: Digest,
  options: PullOptions,
): Promise<StagedLayer> {
  const { roots, now } = options;
  const begun = claimPartial(roots, layer.digest, now());
  try {
    return await download(client, repository, layer, diffId, options, begun);
  } catch (error) {
    // What an earlier try has left may itself be damaged: once more, from the start.
    if (begun === undefined || !isAppError(error, 'IMAGE_CONTENT_DAMAGED')) throw error;
    return await download(client, repository, layer, diffId, options, undefined);
  } finally {
    if (begun !== undefined) removeTree(begun.path);
  }
}

async function download(
  client: RegistryClient,
  repository: string,
  layer: Descriptor & { readonly digest: Digest },
  diffId: Digest,
  options: PullOptions,
  begun: { readonly path: string; readonly size: number } | undefined,
): Promise<StagedLayer> {
  const { roots, signal, now } = options;
  const { digest, size } = layer;
  const source = blobStream({
    ...{ client, repository, digest, size, now },
    ...(begun !== undefined && begun.size <= size ? { begun } : {}),
    ...(signal === undefined ? {} : { signal }),
    onProgress: (current) => report(options, digest, 'Downloading', current, size),
  });
  const { layer: staged } = await stageLayer(roots, source, {
    native: options.native,
    diffId,
    digest,
    blob: partialPath(roots, digest),
    ...(signal === undefined ? {} : { signal }),
  });
  return { ...staged, descriptor: layer };
}

/** A layer that another image has brought. */
function storedLayer(
  roots: StateRoots,
  layer: Descriptor & { readonly digest: Digest },
  diffId: Digest,
): StagedLayer | undefined {
  const paths = storePaths(roots);
  const folder = statSync(paths.layer(diffId), { throwIfNoEntry: false });
  const blob = statSync(paths.blob(layer.digest), { throwIfNoEntry: false });
  if (!folder?.isDirectory() || blob?.size !== layer.size) return undefined;
  return { diffId, descriptor: layer, size: layer.size, folder: undefined, blob: undefined };
}

function report(
  { onProgress }: RegistryOptions,
  digest: string,
  status: LayerProgress['status'],
  current?: number,
  total?: number,
): void {
  onProgress?.({
    layer: digest.slice(7, 19),
    status,
    ...(current === undefined ? {} : { current }),
    ...(total === undefined ? {} : { total }),
  });
}
