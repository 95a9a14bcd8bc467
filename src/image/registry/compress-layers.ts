import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { AppError } from '../../core/index.ts';
import type { StateRoots } from '../../state/index.ts';
import { type Digest, isDigest } from '../digest.ts';
import { type Descriptor, type ImageManifest, mediaTypes } from '../oci.wire.ts';
import { parseReference } from '../reference.ts';
import { removeTree } from '../remove-tree.ts';
import { readManifest, writeBlob } from '../store/blobs.ts';
import { type IndexEntry, indexEntry, readIndex, writeIndex } from '../store/index-file.ts';
import { storePaths, unfinishedName } from '../store/layout.ts';
import { withStoreLock } from '../store/lock.ts';
import type { RegistryOptions } from './pull-image.ts';

/** Most of what the highest levels save for a fraction of their time. */
const gzipLevel = 4;

/**
 * What was imported or built lies uncompressed; registries get it by gzip. The image keeps its id, and from now on its manifest
 * names the compressed layers, so that its digest is the one that the registry shows.
 * @returns the image's entry, changed where there was something to compress.
 */
export async function compressLayers(
  entry: IndexEntry,
  { roots, onProgress, signal }: Pick<RegistryOptions, 'roots' | 'onProgress' | 'signal'>,
): Promise<IndexEntry> {
  const manifest = readManifest(roots, entry.manifest.digest);
  const plain = manifest.layers.filter(isUncompressed);
  if (plain.length === 0) return entry;
  const compressed = new Map<string, CompressedLayer>();
  try {
    await Promise.all(
      [...new Map(plain.map((layer) => [layer.digest, layer])).values()].map(async (layer) => {
        onProgress?.({ layer: layer.digest.slice(7, 19), status: 'Compressing' });
        compressed.set(layer.digest, await compress(roots, layer, signal));
      }),
    );
    return await replaceManifest(roots, entry, manifest, compressed);
  } finally {
    for (const { path } of compressed.values()) removeTree(path);
  }
}

interface CompressedLayer {
  readonly descriptor: Descriptor & { readonly digest: Digest };
  /** In the ingest folder; gone once it is in place. */
  readonly path: string;
}

function isUncompressed({ mediaType }: Descriptor): boolean {
  return (
    mediaType === mediaTypes.layer || mediaType === 'application/vnd.docker.image.rootfs.diff.tar'
  );
}

async function compress(
  roots: StateRoots,
  { digest }: Descriptor,
  signal: AbortSignal | undefined,
): Promise<CompressedLayer> {
  if (!isDigest(digest))
    throw new AppError('IMAGE_CONTENT_DAMAGED', `"${digest}" is no sha256 digest`);
  const paths = storePaths(roots);
  const path = join(paths.ingest, unfinishedName());
  const hash = createHash('sha256');
  const hashed = new Transform({
    transform(chunk, _encoding, done) {
      hash.update(chunk);
      done(undefined, chunk);
    },
  });
  try {
    await pipeline(
      createReadStream(paths.blob(digest), { highWaterMark: 1024 * 1024 }),
      createGzip({ level: gzipLevel, chunkSize: 256 * 1024 }),
      hashed,
      createWriteStream(path, { mode: 0o600 }),
      ...(signal === undefined ? [] : [{ signal }]),
    );
  } catch (error) {
    removeTree(path);
    throw error;
  }
  const found = `sha256:${hash.digest('hex')}` as Digest;
  return {
    path,
    descriptor: { mediaType: mediaTypes.layerGzip, digest: found, size: statSync(path).size },
  };
}

/** All names of the image get the new manifest; in one step, as others see it. */
function replaceManifest(
  roots: StateRoots,
  entry: IndexEntry,
  manifest: ImageManifest,
  compressed: ReadonlyMap<string, CompressedLayer>,
): Promise<IndexEntry> {
  const paths = storePaths(roots);
  return withStoreLock(paths.lock, () => {
    for (const { path, descriptor } of compressed.values()) {
      renameSync(path, paths.blob(descriptor.digest));
    }
    const layers = manifest.layers.map(
      (layer) => compressed.get(layer.digest)?.descriptor ?? layer,
    );
    const changed: ImageManifest = {
      ...manifest,
      mediaType: mediaTypes.manifest,
      config: { ...manifest.config, mediaType: mediaTypes.config },
      layers,
    };
    const written = writeBlob(roots, mediaTypes.manifest, JSON.stringify(changed));
    const { platform } = entry.manifest;
    const descriptor = { ...written, ...(platform === undefined ? {} : { platform }) };
    const replace = (one: IndexEntry): IndexEntry =>
      one.manifest.digest === entry.manifest.digest
        ? indexEntry(
            { imageId: one.imageId, size: one.size, manifest: descriptor },
            one.name === undefined ? undefined : parseReference(one.name),
          )
        : one;
    writeIndex(roots, readIndex(roots).map(replace));
    return replace(entry);
  });
}
