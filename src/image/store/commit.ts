import { existsSync, renameSync, statSync } from 'node:fs';
import { isErrno, type StateRoots, syncFolder } from '../../state/index.ts';
import type { Digest } from '../digest.ts';
import { type Descriptor, type ImageConfig, type ImageManifest, mediaTypes } from '../oci.wire.ts';
import type { ImageReference } from '../reference.ts';
import { removeTree } from '../remove-tree.ts';
import { writeBlob } from './blobs.ts';
import { type IndexEntry, indexEntry, readIndex, writeIndex } from './index-file.ts';
import { storePaths } from './layout.ts';
import { withStoreLock } from './lock.ts';

/** A layer whose content waits in the ingest folder, or is in the store already. */
export interface StagedLayer {
  readonly diffId: Digest;
  readonly descriptor: Descriptor;
  /** Bytes of the uncompressed archive. */
  readonly size: number;
  /** Unpacked folder and blob to move in place; undefined where the store had them. */
  readonly folder: string | undefined;
  readonly blob: string | undefined;
}

/** An image ready to become part of the store. */
export interface StagedImage {
  readonly config: ImageConfig;
  /** The configuration's own bytes where it came from an archive: its digest must not change. */
  readonly configBytes?: string;
  /** The manifest's own bytes where it came from an OCI archive. */
  readonly manifest?: { readonly mediaType: string; readonly bytes: string };
  /** Lowest first. */
  readonly layers: readonly StagedLayer[];
  /** Digest of the index that it was chosen from at its registry. */
  readonly sourceDigest?: string;
  /** Names that it gets. */
  readonly references: readonly ImageReference[];
}

/**
 * Makes a staged image part of the store in one step that other processes see whole or not at all.
 * @returns the image's id; undefined where a layer that was to be re-used has been removed meanwhile, and the
 * caller stages again.
 */
export function commitImage(roots: StateRoots, image: StagedImage): Promise<string | undefined> {
  const paths = storePaths(roots);
  return withStoreLock(paths.lock, () => {
    // An image may have one layer several times.
    for (const layer of new Set(image.layers)) {
      if (!placeLayer(roots, layer)) return undefined;
    }
    syncFolder(paths.layers);
    const configBytes = image.configBytes ?? JSON.stringify(image.config);
    const config = writeBlob(roots, mediaTypes.config, configBytes);
    const manifest = writeManifest(roots, config, image);
    const size = image.layers.reduce((sum, layer) => sum + layer.size, 0);
    const { sourceDigest } = image;
    const stored = { imageId: config.digest, size, manifest, sourceDigest };
    const references = image.references.length > 0 ? image.references : [undefined];
    const entries = references.map((reference) => indexEntry(stored, reference));
    writeIndex(roots, mergeEntries(readIndex(roots), entries));
    return config.digest;
  });
}

/**
 * A name belongs to one image. An image that loses its last name stays, nameless, as long as nobody removes it:
 * containers may be made from it.
 */
export function mergeEntries(
  before: readonly IndexEntry[],
  added: readonly IndexEntry[],
): IndexEntry[] {
  const names = new Set(added.map((entry) => entry.name));
  const kept = before.filter((entry) => entry.name === undefined || !names.has(entry.name));
  const merged = [...kept, ...added];
  const nameless = before
    .filter((entry) => !kept.includes(entry))
    .filter((entry) => !merged.some((other) => other.imageId === entry.imageId))
    .map((entry) => indexEntry(entry, undefined));
  const named = new Set(merged.filter((entry) => entry.name).map((entry) => entry.imageId));
  const result: IndexEntry[] = [];
  for (const entry of [...merged, ...nameless]) {
    const isNameless = entry.name === undefined;
    // One nameless line an image, and only while it has no name.
    if (isNameless && named.has(entry.imageId)) continue;
    if (isNameless && result.some((other) => other.imageId === entry.imageId)) continue;
    result.push(entry);
  }
  return result;
}

function placeLayer(roots: StateRoots, layer: StagedLayer): boolean {
  const paths = storePaths(roots);
  const folder = paths.layer(layer.diffId);
  const blob = paths.blob(layer.descriptor.digest as Digest);
  if (layer.folder === undefined ? !existsSync(folder) : !moveFolder(layer.folder, folder))
    return false;
  if (layer.blob !== undefined && moveFile(layer.blob, blob)) return true;
  return statSync(blob, { throwIfNoEntry: false })?.size === layer.descriptor.size;
}

/** False where it has been moved before, with another image that was pulled at the same time. */
function moveFile(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    return false;
  }
}

/** True once `to` is there: ours, or an equal one that somebody else unpacked first. */
function moveFolder(from: string, to: string): boolean {
  try {
    renameSync(from, to);
  } catch (error) {
    // It has gone there before, with another image that was pulled at the same time.
    if (isErrno(error, 'ENOENT')) return existsSync(to);
    if (!isErrno(error, 'ENOTEMPTY') && !isErrno(error, 'EEXIST')) throw error;
    removeTree(from);
  }
  return true;
}

function writeManifest(roots: StateRoots, config: Descriptor, image: StagedImage): Descriptor {
  const { architecture, os, variant } = image.config;
  const platform = { architecture, os, ...(variant === undefined ? {} : { variant }) };
  if (image.manifest) {
    return { ...writeBlob(roots, image.manifest.mediaType, image.manifest.bytes), platform };
  }
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config,
    layers: image.layers.map((layer) => layer.descriptor),
  };
  return { ...writeBlob(roots, mediaTypes.manifest, JSON.stringify(manifest)), platform };
}
