import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno, ownIdentity, type StateRoots, writeFileAtomic } from '../../state/index.ts';
import { type Digest, digestHex } from '../digest.ts';

let serial = 0;

/** Paths of the image store; docs/on-disk-layout.md. */
export function storePaths(roots: StateRoots) {
  const images = join(roots.data, 'images');
  const layers = join(roots.data, 'layers');
  return {
    images,
    layoutFile: join(images, 'oci-layout'),
    index: join(images, 'index.json'),
    lock: join(images, 'lock'),
    blobs: join(images, 'blobs', 'sha256'),
    /** Unfinished content: `<anything>.<pid>-<start>.new`, swept once that process is gone. */
    ingest: join(images, 'ingest'),
    layers,
    blob: (digest: Digest) => join(images, 'blobs', 'sha256', digestHex(digest)),
    layer: (diffId: Digest) => join(layers, digestHex(diffId)),
  } as const;
}

/** A name for something unfinished that says whose it is. */
export function unfinishedName(): string {
  const { pid, start } = ownIdentity();
  serial += 1;
  return `${serial}.${pid}-${start}.new`;
}

/** Matches {@link unfinishedName}; groups: pid, start. */
export const unfinishedPattern = /^\d+\.(\d+)-(\d+)\.new$/;

/** Makes the folders and the layout's marker where they are missing. */
export function ensureStore(roots: StateRoots): void {
  const paths = storePaths(roots);
  if (statSync(paths.layoutFile, { throwIfNoEntry: false })) return;
  // Others may search the layers (a container's user reads through them) but not list them.
  mkdirSync(paths.layers, { recursive: true, mode: 0o711 });
  mkdirSync(paths.blobs, { recursive: true, mode: 0o700 });
  mkdirSync(paths.ingest, { recursive: true, mode: 0o700 });
  try {
    writeFileAtomic(paths.layoutFile, '{"imageLayoutVersion":"1.0.0"}\n');
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}
