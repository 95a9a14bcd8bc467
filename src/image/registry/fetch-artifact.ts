import { AppError } from '../../core/index.ts';
import { type Digest, isDigest } from '../digest.ts';
import type { Descriptor, ImageManifest } from '../oci.wire.ts';
import { formatFamiliar, parseReference, withDefaultTag } from '../reference.ts';
import { type AskOptions, clientFor } from './ask-registry.ts';
import { isIndex, manifestTypes } from './choose-manifest.ts';
import type { FetchedManifest } from './registry-client.ts';

/** One blob of an artifact, whole and checked. */
export interface ArtifactFile {
  readonly mediaType: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly content: string;
}

/** What a registry keeps under an image's name that is no image: documents of one kind. */
export interface Artifact {
  /** Digest of what the name stands for. */
  readonly digest: Digest;
  readonly files: readonly ArtifactFile[];
}

export interface ArtifactOptions extends AskOptions {
  /** The kind wanted: its `artifactType`, and the type of its configuration where the manifest has none (OCI 1.0). */
  readonly artifactType: string;
  readonly configType: string;
  /** True for an artifact that the caller has already: its files are not fetched again. */
  readonly isKnown?: (digest: Digest) => boolean;
}

/** An artifact is written by hand, or holds what was. */
const mostFiles = 200;
const mostBytes = 16 * 1024 * 1024;

type ArtifactManifest = Partial<ImageManifest> & { readonly artifactType?: string };
type TypedDescriptor = Descriptor & { readonly artifactType?: string };

/**
 * Fetches an artifact by name; one inside an index is found by its type.
 * @throws {AppError} `REGISTRY_…`, `IMAGE_REFERENCE_INVALID`
 */
export async function fetchArtifact(name: string, options: ArtifactOptions): Promise<Artifact> {
  const reference = withDefaultTag(parseReference(name));
  const familiar = formatFamiliar(reference);
  const { repository } = reference;
  const client = clientFor(reference.domain, options);
  const manifest = async (what: string): Promise<FetchedManifest> => {
    const found = await client.manifest(repository, what, manifestTypes);
    if (found !== undefined) return found;
    throw new AppError(
      'REGISTRY_MANIFEST_UNKNOWN',
      `registry ${client.domain} has nothing named ${familiar}`,
    );
  };
  try {
    const top = await manifest(reference.digest ?? reference.tag ?? 'latest');
    if (options.isKnown?.(top.digest)) return { digest: top.digest, files: [] };
    let document = parseManifest(top, familiar);
    if (isIndex(top.mediaType, document)) {
      const entries: readonly TypedDescriptor[] = document.manifests;
      const entry = entries.find((one) => one?.artifactType === options.artifactType);
      if (entry === undefined) throw otherKind(familiar, options);
      document = parseManifest(await manifest(checkedDigest(entry, familiar)), familiar);
    }
    const layers = layersOf(document as ArtifactManifest, familiar, options);
    const files: ArtifactFile[] = [];
    for (const layer of layers) {
      const content = await client.smallBlob(repository, checkedDigest(layer, familiar));
      files.push({
        mediaType: String(layer.mediaType),
        annotations: layer.annotations ?? {},
        content,
      });
    }
    return { digest: top.digest, files };
  } finally {
    client.close();
  }
}

function layersOf(
  { artifactType, config, layers }: ArtifactManifest,
  name: string,
  options: ArtifactOptions,
): readonly Descriptor[] {
  const isWanted = artifactType
    ? artifactType === options.artifactType
    : config?.mediaType === options.configType;
  if (!isWanted) throw otherKind(name, options);
  if (!Array.isArray(layers) || layers.length > mostFiles) {
    throw invalidAnswer(name, 'its manifest lists no files, or too many');
  }
  const bytes = layers.reduce((sum: number, layer) => sum + Number(layer?.size), 0);
  if (!(bytes <= mostBytes)) throw invalidAnswer(name, 'its files are too large, or have no size');
  return layers;
}

function parseManifest({ bytes }: FetchedManifest, name: string): object {
  let value: unknown;
  try {
    value = JSON.parse(bytes);
  } catch {
    // Told below.
  }
  if (typeof value === 'object' && value !== null) return value;
  throw invalidAnswer(name, 'its manifest is no JSON object');
}

function checkedDigest({ digest }: Descriptor, name: string): Digest {
  if (typeof digest === 'string' && isDigest(digest)) return digest;
  throw invalidAnswer(name, `"${digest}" is no digest`);
}

function otherKind(name: string, { artifactType }: ArtifactOptions): AppError {
  return invalidAnswer(name, `it is no ${artifactType}`);
}

function invalidAnswer(name: string, why: string): AppError {
  return new AppError('REGISTRY_ANSWER_INVALID', `${name}: ${why}`);
}
