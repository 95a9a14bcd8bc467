/** A cache as an OCI image layout in a folder. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../core/index.ts';
import {
  type Descriptor,
  digestOf,
  isDigest,
  type LayerFile,
  layeredManifest,
  mediaTypes,
} from '../../image/index.ts';
import { isErrno } from '../../state/index.ts';
import type { CachePlace } from '../build-options.ts';
import { cacheDocumentType } from './cache-document.ts';
import type { OpenedCache } from './cache-place.ts';

type Folder = Extract<CachePlace, { kind: 'folder' }>;

const tagKey = 'org.opencontainers.image.ref.name';

interface Index {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
}

/** @throws {AppError} `BUILD_CACHE_INVALID` for a layout that is damaged. */
export async function openLayoutCache(place: Folder): Promise<OpenedCache | undefined> {
  const found = readIndex(place).manifests.find(
    ({ annotations }) => annotations?.[tagKey] === place.tag,
  );
  if (found === undefined) return undefined;
  const manifest = JSON.parse(smallBlob(place, found.digest)) as { config?: Descriptor };
  if (manifest.config?.mediaType !== cacheDocumentType) return undefined;
  return {
    document: smallBlob(place, manifest.config.digest),
    open: (layer) => blobPath(place, layer.digest),
    close: () => undefined,
  };
}

/** The index is replaced last, by a rename: a kill leaves the old cache, and blobs that nothing names. */
export function writeLayoutCache(
  place: Folder,
  cache: { readonly document: LayerFile; readonly layers: readonly LayerFile[] },
): void {
  mkdirSync(join(place.path, 'blobs', 'sha256'), { recursive: true });
  for (const { descriptor, path } of [cache.document, ...cache.layers]) {
    const blob = blobPath(place, descriptor.digest);
    if (!existsSync(blob)) replaceFile(blob, (to) => copyFileSync(path, to));
  }
  const text = layeredManifest(cache);
  const manifest: Descriptor = {
    mediaType: mediaTypes.manifest,
    digest: digestOf(text),
    size: Buffer.byteLength(text),
    annotations: { [tagKey]: place.tag },
  };
  replaceFile(blobPath(place, manifest.digest), (to) => writeFileSync(to, text));
  const others = readIndex(place).manifests.filter(
    ({ annotations }) => annotations?.[tagKey] !== place.tag,
  );
  const index: Index = {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: [...others, manifest],
  };
  replaceFile(join(place.path, 'oci-layout'), (to) =>
    writeFileSync(to, '{"imageLayoutVersion":"1.0.0"}\n'),
  );
  replaceFile(join(place.path, 'index.json'), (to) => writeFileSync(to, JSON.stringify(index)));
}

function readIndex({ path }: Folder): Index {
  let text: string;
  try {
    text = readFileSync(join(path, 'index.json'), 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) {
      return { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [] };
    }
    throw error;
  }
  try {
    const index = JSON.parse(text) as Index;
    if (Array.isArray(index.manifests)) return index;
  } catch {
    // Told below.
  }
  throw new AppError('BUILD_CACHE_INVALID', `build cache ${path}: index.json is no image index`);
}

function smallBlob(place: Folder, digest: string): string {
  const text = readFileSync(blobPath(place, digest), 'utf8');
  if (digestOf(text) === digest) return text;
  throw new AppError('BUILD_CACHE_INVALID', `build cache ${place.path}: blob ${digest} is damaged`);
}

function blobPath({ path }: Folder, digest: string): string {
  if (!isDigest(digest)) {
    throw new AppError('BUILD_CACHE_INVALID', `build cache ${path}: "${digest}" is no digest`);
  }
  return join(path, 'blobs', 'sha256', digest.slice('sha256:'.length));
}

function replaceFile(path: string, write: (temporary: string) => void): void {
  const temporary = `${path}.${process.pid}.new`;
  write(temporary);
  renameSync(temporary, path);
}
