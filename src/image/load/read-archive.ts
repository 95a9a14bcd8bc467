import { readFileSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';
import { AppError } from '../../core/index.ts';
import { isErrno } from '../../state/index.ts';
import { type Digest, digestHex, digestOf, isDigest } from '../digest.ts';
import { hostPlatform } from '../import/platform.ts';
import {
  annotationKeys,
  type Descriptor,
  type ImageConfig,
  type ImageIndex,
  type ImageManifest,
  mediaTypes,
} from '../oci.wire.ts';
import { type ImageReference, parseReference, withDefaultTag } from '../reference.ts';

/** One layer as a file of the unpacked archive. */
export interface ArchivedLayer {
  readonly file: string;
  readonly diffId: Digest;
  /** As the manifest describes it; undefined in a docker archive, which does not. */
  readonly descriptor: (Descriptor & { readonly digest: Digest }) | undefined;
}

/** One image of an unpacked archive, checked for agreeing with itself. */
export interface ArchivedImage {
  readonly configDigest: string;
  readonly config: ImageConfig;
  readonly configBytes: string;
  readonly manifest?: { readonly mediaType: string; readonly bytes: string };
  /** Lowest first. */
  readonly layers: readonly ArchivedLayer[];
  readonly references: readonly ImageReference[];
}

/** `manifest.json` of `docker save`. */
interface DockerManifestEntry {
  readonly Config: string;
  readonly RepoTags: readonly string[] | null;
  readonly Layers: readonly string[];
}

/**
 * Reads what an unpacked archive holds: `manifest.json` where there is one (Docker writes both since version 25, and
 * the names stand there), otherwise `index.json`.
 * @throws {AppError} `IMAGE_ARCHIVE_INVALID`
 */
export function readArchive(folder: string): ArchivedImage[] {
  const docker = readJson(folder, 'manifest.json');
  if (docker !== undefined) {
    if (!Array.isArray(docker)) throw invalid('manifest.json lists no images');
    return docker.map((entry) => readDockerImage(folder, entry as Partial<DockerManifestEntry>));
  }
  const index = readJson(folder, 'index.json') as Partial<ImageIndex> | undefined;
  if (!Array.isArray(index?.manifests)) {
    throw invalid('it holds neither manifest.json (docker save) nor index.json (OCI layout)');
  }
  return index.manifests.map((descriptor: Descriptor) => readOciImage(folder, descriptor));
}

function readDockerImage(folder: string, entry: Partial<DockerManifestEntry>): ArchivedImage {
  const { Config: configPath, Layers: paths, RepoTags: tags } = entry;
  if (typeof configPath !== 'string' || !Array.isArray(paths)) {
    throw invalid('manifest.json names no configuration or layers');
  }
  const { config, bytes } = parseConfig(readText(folder, configPath), configPath);
  const diffIds = config.rootfs.diff_ids as Digest[];
  if (diffIds.length !== paths.length) {
    throw invalid(`${configPath} has ${diffIds.length} layers, manifest.json ${paths.length}`);
  }
  return {
    config,
    configBytes: bytes,
    configDigest: digestOf(bytes),
    layers: diffIds.map((diffId, index) => ({
      diffId,
      file: inside(folder, String(paths[index])),
      descriptor: undefined,
    })),
    references: (tags ?? []).map((tag) => withDefaultTag(parseReference(tag))),
  };
}

function readOciImage(folder: string, top: Descriptor): ArchivedImage {
  const descriptor = forThisMachine(folder, top);
  const bytes = readBlobText(folder, descriptor.digest);
  const manifest = parseJson(bytes, descriptor.digest) as Partial<ImageManifest>;
  if (typeof manifest.config?.digest !== 'string' || !Array.isArray(manifest.layers)) {
    throw invalid(`manifest ${descriptor.digest} names no configuration or layers`);
  }
  const configDigest = manifest.config.digest;
  const { config, bytes: configBytes } = parseConfig(
    readBlobText(folder, configDigest),
    configDigest,
  );
  const diffIds = config.rootfs.diff_ids as Digest[];
  if (diffIds.length !== manifest.layers.length) {
    throw invalid(`manifest ${descriptor.digest} and its configuration list different layers`);
  }
  return {
    config,
    configBytes,
    configDigest,
    manifest: { mediaType: manifest.mediaType ?? descriptor.mediaType, bytes },
    layers: manifest.layers.map((layer: Descriptor, index) => {
      const { mediaType, size } = layer;
      const digest = checkDigest(layer.digest);
      return {
        diffId: diffIds[index] as Digest,
        file: inside(folder, blobPath(digest)),
        descriptor: { mediaType, digest, size },
      };
    }),
    references: namesOf(top),
  };
}

/** Follows an index to the manifest for this machine; attestations and the like have no platform of ours. */
function forThisMachine(folder: string, descriptor: Descriptor): Descriptor {
  if (
    descriptor.mediaType !== mediaTypes.index &&
    descriptor.mediaType !== mediaTypes.dockerManifestList
  ) {
    return descriptor;
  }
  const text = readBlobText(folder, descriptor.digest);
  const { manifests } = parseJson(text, descriptor.digest) as Partial<ImageIndex>;
  const host = hostPlatform();
  const own = manifests?.find(
    ({ platform }) => platform?.os === host.os && platform.architecture === host.architecture,
  );
  if (own === undefined) {
    throw new AppError(
      'IMAGE_PLATFORM_UNSUPPORTED',
      `index ${descriptor.digest} of the archive has no image for ${host.os}/${host.architecture}`,
    );
  }
  return forThisMachine(folder, own);
}

/** The full name where there is one; a bare tag, as skopeo writes for `oci:DIR:TAG`, is no name. */
function namesOf({ annotations = {} }: Descriptor): ImageReference[] {
  const full = annotations[annotationKeys.fullName];
  const short = annotations[annotationKeys.refName];
  const name = full ?? (short && /[:/]/.test(short) ? short : undefined);
  return name === undefined ? [] : [withDefaultTag(parseReference(name))];
}

function parseConfig(bytes: string, name: string): { config: ImageConfig; bytes: string } {
  const config = parseJson(bytes, name) as Partial<ImageConfig> | null;
  const diffIds = config?.rootfs?.diff_ids;
  if (!Array.isArray(diffIds) || diffIds.length === 0) throw invalid(`${name} lists no layers`);
  for (const diffId of diffIds) checkDigest(diffId);
  if (typeof config?.os !== 'string' || typeof config.architecture !== 'string') {
    throw invalid(`${name} names no platform`);
  }
  return { config: config as ImageConfig, bytes };
}

function readBlobText(folder: string, digest: string): string {
  const checked = checkDigest(digest);
  const text = readText(folder, blobPath(checked));
  const found = digestOf(text);
  if (found !== checked) {
    throw new AppError(
      'IMAGE_CONTENT_DAMAGED',
      `blob ${digest} of the archive has the digest ${found}`,
    );
  }
  return text;
}

function blobPath(digest: Digest): string {
  return join('blobs', 'sha256', digestHex(digest));
}

function checkDigest(digest: unknown): Digest {
  if (typeof digest === 'string' && isDigest(digest)) return digest;
  throw invalid(`"${String(digest)}" is no sha256 digest`);
}

function readJson(folder: string, name: string): unknown {
  let text: string;
  try {
    text = readText(folder, name);
  } catch (error) {
    if (error instanceof AppError && isErrno(error.cause, 'ENOENT')) return undefined;
    throw error;
  }
  return parseJson(text, name);
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(`${name} is no JSON`, cause);
  }
}

function readText(folder: string, name: string): string {
  return readFileSync(inside(folder, name), 'utf8');
}

/** Old docker archives hold links from layer to layer; none of them may lead out of the archive's folder. */
function inside(folder: string, name: string): string {
  let path: string;
  try {
    path = realpathSync(join(folder, name));
  } catch (cause) {
    throw invalid(`${name} is missing`, cause);
  }
  if (!path.startsWith(realpathSync(folder) + sep))
    throw invalid(`${name} leads out of the archive`);
  return path;
}

function invalid(why: string, cause?: unknown): AppError {
  return new AppError('IMAGE_ARCHIVE_INVALID', `image archive: ${why}`, { cause });
}
