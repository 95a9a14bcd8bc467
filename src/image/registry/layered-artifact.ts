/** What a registry keeps under an image's name that is no image, but made of a document and of layers: a build's cache. */
import type { Readable } from 'node:stream';
import { AppError } from '../../core/index.ts';
import { type Digest, digestOf, isDigest } from '../digest.ts';
import { type Descriptor, type ImageManifest, mediaTypes } from '../oci.wire.ts';
import { formatFamiliar, parseReference, withDefaultTag } from '../reference.ts';
import { type AskOptions, clientFor } from './ask-registry.ts';
import { blobStream } from './blob-stream.ts';
import { manifestTypes } from './choose-manifest.ts';
import { pushScope, uploadBlob } from './upload-blob.ts';

export interface LayeredArtifact {
  /** The document, checked. */
  readonly document: string;
  readonly layers: readonly Descriptor[];
  /** The bytes of one of the layers; their digest is the reader's to check. */
  open(layer: Descriptor): Readable;
  close(): void;
}

/**
 * Opens an artifact by name; its layers are fetched when they are asked for. The caller closes it.
 * @param documentType  media type of its document.
 * @returns undefined where the name stands for nothing, or for something of another kind.
 * @throws {AppError} `REGISTRY_…`, `IMAGE_REFERENCE_INVALID`
 */
export async function openLayeredArtifact(
  name: string,
  documentType: string,
  options: AskOptions,
): Promise<LayeredArtifact | undefined> {
  const reference = withDefaultTag(parseReference(name));
  const { repository } = reference;
  const client = clientFor(reference.domain, options);
  try {
    const what = reference.digest ?? reference.tag ?? 'latest';
    const found = await client.manifest(repository, what, manifestTypes);
    const manifest = found && (JSON.parse(found.bytes) as Partial<ImageManifest>);
    if (manifest?.config?.mediaType !== documentType || !Array.isArray(manifest.layers)) {
      client.close();
      return undefined;
    }
    const document = await client.smallBlob(repository, checked(manifest.config));
    return {
      document,
      layers: manifest.layers as readonly Descriptor[],
      open: (layer) =>
        blobStream({ ...options, client, repository, digest: checked(layer), size: layer.size }),
      close: () => client.close(),
    };
  } catch (error) {
    client.close();
    throw error;
  }
}

/** A layer to push, and the file that holds it. */
export interface LayerFile {
  readonly descriptor: Descriptor;
  readonly path: string;
}

/**
 * Puts an artifact into a registry under a name, in place of what the name stood for.
 * @throws {AppError} `REGISTRY_…`, `IMAGE_REFERENCE_INVALID`
 */
export async function pushLayeredArtifact(
  name: string,
  artifact: {
    readonly documentType: string;
    readonly document: LayerFile;
    readonly layers: readonly LayerFile[];
  },
  options: AskOptions,
): Promise<Digest> {
  const reference = withDefaultTag(parseReference(name));
  const { repository, tag = 'latest', digest } = reference;
  if (digest !== undefined) {
    throw new AppError(
      'IMAGE_REFERENCE_INVALID',
      `"${formatFamiliar(reference)}": a digest cannot be pushed to`,
    );
  }
  const client = clientFor(reference.domain, options);
  try {
    for (const { descriptor, path } of [artifact.document, ...artifact.layers]) {
      const blob = { digest: checked(descriptor), size: descriptor.size, path };
      await uploadBlob(blob, { ...options, client, repository, mountFrom: [] });
    }
    const bytes = layeredManifest(artifact);
    const response = await client.send({
      method: 'PUT',
      path: `${repository}/manifests/${tag}`,
      scope: pushScope(repository),
      headers: {
        'content-type': mediaTypes.manifest,
        'content-length': String(Buffer.byteLength(bytes)),
      },
      body: () => bytes,
    });
    response.body.resume();
    return digestOf(bytes);
  } finally {
    client.close();
  }
}

/** The manifest of such an artifact. */
export function layeredManifest({
  document,
  layers,
}: {
  readonly document: LayerFile;
  readonly layers: readonly LayerFile[];
}): string {
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: document.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
  };
  return JSON.stringify(manifest);
}

function checked({ digest }: Descriptor): Digest {
  if (typeof digest === 'string' && isDigest(digest)) return digest;
  throw new AppError('REGISTRY_ANSWER_INVALID', `"${digest}" is no digest`);
}
