import { statSync } from 'node:fs';
import type { StateRoots } from '../../state/index.ts';
import { asDigest, readManifest } from './blobs.ts';
import { storePaths } from './layout.ts';
import { findImage, repoTags } from './resolve.ts';

/** One step by which an image came to be, newest first. */
export interface ImageHistoryEntry {
  readonly id: string;
  /** RFC 3339; undefined where the image does not say. */
  readonly created: string | undefined;
  readonly createdBy: string;
  readonly comment: string;
  /** Bytes of the step's layer as it is stored; 0 for a step that changed the configuration only. */
  readonly size: number;
  readonly tags: readonly string[];
}

/** @throws {AppError} `IMAGE_NOT_FOUND` */
export function imageHistory(roots: StateRoots, nameOrId: string): ImageHistoryEntry[] {
  const image = findImage(roots, nameOrId);
  const { layers } = readManifest(roots, image.entries[0]?.manifest.digest ?? '');
  let layer = 0;
  const steps = (image.config.history ?? []).map((step): ImageHistoryEntry => {
    const descriptor = step.empty_layer ? undefined : layers[layer];
    if (descriptor !== undefined) layer += 1;
    return {
      id: '<missing>',
      created: step.created,
      createdBy: step.created_by ?? '',
      comment: step.comment ?? '',
      size: descriptor === undefined ? 0 : blobSize(roots, descriptor.digest, descriptor.size),
      tags: [],
    };
  });
  const [newest, ...older] = steps.reverse();
  if (newest === undefined) return [];
  return [{ ...newest, id: image.id, tags: repoTags(image) }, ...older];
}

function blobSize(roots: StateRoots, digest: string, described: number): number {
  return (
    statSync(storePaths(roots).blob(asDigest(digest)), { throwIfNoEntry: false })?.size ?? described
  );
}
