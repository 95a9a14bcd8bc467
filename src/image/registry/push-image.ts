/** An image of the store into a registry. */
import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { AppError } from '../../core/index.ts';
import type { StateRoots } from '../../state/index.ts';
import { type Digest, digestOf, isDigest } from '../digest.ts';
import type { Descriptor } from '../oci.wire.ts';
import { mediaTypes } from '../oci.wire.ts';
import {
  formatFamiliar,
  formatReference,
  type ImageReference,
  parseReference,
  withDefaultTag,
} from '../reference.ts';
import { readBlob, readManifest } from '../store/blobs.ts';
import { type IndexEntry, readIndex } from '../store/index-file.ts';
import { storePaths } from '../store/layout.ts';
import { compressLayers } from './compress-layers.ts';
import type { RegistryOptions } from './pull-image.ts';
import type { LayerProgress } from './pull-progress.ts';
import { RegistryClient } from './registry-client.ts';
import { readRegistrySettings } from './registry-settings.ts';
import { pushScope, uploadBlob } from './upload-blob.ts';

export interface PushedImage {
  /** Familiar, with its tag. */
  readonly reference: string;
  /** Digest and bytes of the manifest. */
  readonly digest: Digest;
  readonly size: number;
}

const outcomes = {
  exists: 'Layer already exists',
  mounted: 'Mounted',
  uploaded: 'Pushed',
} as const;

/**
 * Pushes the image that a name stands for. Layers that are stored uncompressed are compressed once, and kept so.
 * @throws {AppError} `IMAGE_NOT_FOUND`, `REGISTRY_…`
 */
export async function pushImage(name: string, options: RegistryOptions): Promise<PushedImage> {
  const { roots, env, insecure } = options;
  const reference = withDefaultTag(parseReference(name));
  if (reference.digest !== undefined) {
    throw new AppError(
      'IMAGE_REFERENCE_INVALID',
      `image name "${name}": a digest cannot be pushed to`,
      {
        hint: 'Push it by a tag: coracle tag IMAGE NAME:TAG, then coracle push NAME:TAG.',
      },
    );
  }
  const entry = await compressLayers(entryOf(roots, reference), options);
  const client = new RegistryClient({
    ...options,
    domain: reference.domain,
    settings: readRegistrySettings(env, insecure),
  });
  try {
    return await pushTo(client, reference, entry, options);
  } finally {
    client.close();
  }
}

function entryOf(roots: StateRoots, reference: ImageReference): IndexEntry {
  const name = formatReference(reference);
  const entry = readIndex(roots).find((one) => one.name === name);
  if (entry !== undefined) return entry;
  throw new AppError(
    'IMAGE_NOT_FOUND',
    `image "${formatFamiliar(reference)}" is not in the store`,
    {
      details: { reference: formatFamiliar(reference) },
    },
  );
}

async function pushTo(
  client: RegistryClient,
  reference: ImageReference,
  entry: IndexEntry,
  options: RegistryOptions,
): Promise<PushedImage> {
  const { roots, signal, onProgress, now } = options;
  const { repository } = reference;
  const manifest = readManifest(roots, entry.manifest.digest);
  const layers = [...new Map(manifest.layers.map((layer) => [layer.digest, layer])).values()];
  const show = (
    digest: string,
    status: LayerProgress['status'],
    current?: number,
    total?: number,
  ) =>
    onProgress?.({
      layer: digest.slice(7, 19),
      status,
      ...(current === undefined || total === undefined ? {} : { current, total }),
    });
  const upload = async (blob: Descriptor, isShown: boolean) => {
    const { digest, size } = blob;
    const outcome = await uploadBlob(localBlob(roots, blob), {
      ...{ client, repository, now },
      mountFrom: repositoriesWith(roots, reference, digest),
      ...(signal === undefined ? {} : { signal }),
      onProgress: (bytes) => isShown && show(digest, 'Pushing', bytes, size),
    });
    if (isShown) show(digest, outcomes[outcome]);
  };
  const { default: PQueue } = await import('p-queue');
  const queue = new PQueue({ concurrency: Math.max(3, availableParallelism()) });
  for (const { digest } of layers) show(digest, 'Preparing');
  await Promise.all([
    ...layers.map((layer) => queue.add(() => upload(layer, true))),
    queue.add(() => upload(manifest.config, false)),
  ]);
  const bytes = readBlob(roots, entry.manifest.digest).toString('utf8');
  const response = await client.send({
    method: 'PUT',
    path: `${repository}/manifests/${reference.tag}`,
    scope: pushScope(repository),
    headers: {
      'content-type': manifest.mediaType ?? mediaTypes.manifest,
      'content-length': String(Buffer.byteLength(bytes)),
    },
    body: () => bytes,
  });
  response.body.resume();
  return {
    reference: formatFamiliar(reference),
    digest: digestOf(bytes),
    size: Buffer.byteLength(bytes),
  };
}

function localBlob(roots: StateRoots, { digest, size }: Descriptor) {
  if (!isDigest(digest)) {
    throw new AppError('IMAGE_CONTENT_DAMAGED', `"${digest}" is no sha256 digest`);
  }
  const path = storePaths(roots).blob(digest);
  const found = statSync(path, { throwIfNoEntry: false })?.size;
  if (found === size) return { digest, size, path };
  throw new AppError(
    'IMAGE_CONTENT_DAMAGED',
    found === undefined ? `blob ${path} is missing` : `blob ${path} has ${found} of ${size} bytes`,
  );
}

/** Other repositories of the same registry whose images, as far as we know them, have the blob. */
function repositoriesWith(roots: StateRoots, reference: ImageReference, digest: string): string[] {
  const found = new Set<string>();
  for (const { name, manifest } of readIndex(roots)) {
    if (name === undefined) continue;
    const other = parseReference(name);
    if (other.domain !== reference.domain || other.repository === reference.repository) continue;
    const { layers, config } = readManifest(roots, manifest.digest);
    if ([config, ...layers].some((one) => one.digest === digest)) found.add(other.repository);
  }
  return [...found];
}
