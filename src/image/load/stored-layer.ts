import { statSync } from 'node:fs';
import type { StateRoots } from '../../state/index.ts';
import { mediaTypes } from '../oci.wire.ts';
import type { StagedLayer } from '../store/commit.ts';
import { storePaths } from '../store/layout.ts';
import type { ArchivedLayer } from './read-archive.ts';

/** A layer of an archive that the store has, unpacked and as a blob; undefined where it has to be unpacked. */
export function storedLayerOf(roots: StateRoots, layer: ArchivedLayer): StagedLayer | undefined {
  const paths = storePaths(roots);
  const digest = layer.descriptor?.digest ?? layer.diffId;
  const folder = statSync(paths.layer(layer.diffId), { throwIfNoEntry: false });
  const blob = statSync(paths.blob(digest), { throwIfNoEntry: false });
  if (!folder?.isDirectory() || blob === undefined) return undefined;
  const plain = statSync(paths.blob(layer.diffId), { throwIfNoEntry: false });
  return {
    diffId: layer.diffId,
    descriptor: layer.descriptor ?? { mediaType: mediaTypes.layer, digest, size: blob.size },
    // The uncompressed size is known only where the uncompressed archive is what is stored.
    size: plain?.size ?? blob.size,
    folder: undefined,
    blob: undefined,
  };
}
