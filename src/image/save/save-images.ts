/**
 * Images of the store as one archive, in both forms at once, as Docker has them since version 25: an OCI layout (`index.json`)
 * and `manifest.json` of `docker save`. Layers are the store's own blobs, byte for byte.
 */
import { statSync } from 'node:fs';
import { AppError } from '../../core/index.ts';
import type { StateRoots } from '../../state/index.ts';
import { digestHex } from '../digest.ts';
import { annotationKeys, type Descriptor, type ImageIndex, mediaTypes } from '../oci.wire.ts';
import { formatFamiliar, formatReference, parseReference, withDefaultTag } from '../reference.ts';
import { asDigest, readBlob, readManifest } from '../store/blobs.ts';
import type { IndexEntry } from '../store/index-file.ts';
import { storePaths } from '../store/layout.ts';
import { findImage } from '../store/resolve.ts';
import { type TarFile, tarStream } from './tar-stream.ts';

/** Times in the archive mean nothing; one and the same makes equal images equal archives. */
const archiveTimeS = 0;

/**
 * The archive's bytes. Everything is looked up before the first of them.
 * @param names  by name or id; by a name, only that one is kept.
 * @throws {AppError} `IMAGE_NOT_FOUND`, `IMAGE_CONTENT_DAMAGED`
 */
export function saveImages(
  roots: StateRoots,
  names: readonly string[],
): AsyncGenerator<Uint8Array> {
  const saved = names.map((name) => lookUp(roots, name));
  const blobs = new Map<string, TarFile>();
  const docker = new Map<string, DockerEntry>();
  const manifests: Descriptor[] = [];
  for (const { entry, name } of saved) {
    const manifest = readManifest(roots, entry.manifest.digest);
    for (const { digest } of [entry.manifest, manifest.config, ...manifest.layers]) {
      blobs.set(digest, blobFile(roots, digest));
    }
    const known = docker.get(entry.manifest.digest) ?? {
      Config: blobName(manifest.config.digest),
      RepoTags: [],
      Layers: manifest.layers.map(({ digest }) => blobName(digest)),
    };
    if (name !== undefined && !known.RepoTags.includes(formatFamiliar(parseReference(name)))) {
      known.RepoTags.push(formatFamiliar(parseReference(name)));
    }
    docker.set(entry.manifest.digest, known);
    manifests.push(described(entry, name));
  }
  const index: ImageIndex = { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
  return tarStream(
    [
      ...blobs.values(),
      { name: 'index.json', content: JSON.stringify(index) },
      { name: 'manifest.json', content: JSON.stringify([...docker.values()]) },
      { name: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' },
    ],
    archiveTimeS,
  );
}

interface DockerEntry {
  readonly Config: string;
  readonly RepoTags: string[];
  readonly Layers: readonly string[];
}

function lookUp(
  roots: StateRoots,
  text: string,
): { readonly entry: IndexEntry; readonly name: string | undefined } {
  const { entries } = findImage(roots, text);
  const asked = nameOf(text);
  const named = entries.find(({ name }) => name === asked);
  const entry = named ?? entries[0];
  if (entry === undefined)
    throw new AppError('IMAGE_NOT_FOUND', `image "${text}" is not in the store`);
  return { entry, name: named?.name };
}

/** Undefined for an id. */
function nameOf(text: string): string | undefined {
  if (/^(sha256:)?[0-9a-f]{12,64}$/.test(text)) return undefined;
  return formatReference(withDefaultTag(parseReference(text)));
}

function described({ manifest }: IndexEntry, name: string | undefined): Descriptor {
  const { mediaType, digest, size, platform } = manifest;
  const { tag } = name === undefined ? {} : parseReference(name);
  const annotations = {
    ...(name === undefined ? {} : { [annotationKeys.fullName]: name }),
    ...(tag === undefined ? {} : { [annotationKeys.refName]: tag }),
  };
  return { mediaType, digest, size, ...(platform ? { platform } : {}), annotations };
}

function blobFile(roots: StateRoots, digest: string): TarFile {
  const path = storePaths(roots).blob(asDigest(digest));
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) {
    // Says which one, and whether it is missing or damaged.
    readBlob(roots, digest);
    throw new AppError('IMAGE_CONTENT_DAMAGED', `blob ${path} is missing`);
  }
  return { name: blobName(digest), path, size: stat.size };
}

function blobName(digest: string): string {
  return `blobs/sha256/${digestHex(asDigest(digest))}`;
}
