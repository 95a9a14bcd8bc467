import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import type { StateRoots } from '../state/index.ts';
import { readVolume, volumePaths } from './volume-record.ts';
import { volumeSource } from './volumes.ts';

/** The native operation that copies (native/PROTOCOL.md). */
export interface SeedOps {
  request(
    op: 'volume.seed',
    fields: { lower: string[]; path: string; target: string },
  ): Promise<unknown>;
}

/** One mount of a volume in a container that is about to start. */
export interface SeedRequest {
  readonly volume: string;
  /** Layers of the image, topmost first. */
  readonly lower: readonly string[];
  /** Where in the container the volume is mounted: `/var/lib/mysql`. */
  readonly path: string;
  /** `volume.nocopy`. */
  readonly noCopy: boolean;
}

/** Copies under way in this process, by target: two containers may start at once with one new volume. */
const running = new Map<string, Promise<boolean>>();

/**
 * Copies what the image has at the mount's path into a volume that is used for the first time: content, owner and mode. Done
 * once in a volume's life; a volume that somebody filled or emptied since is left alone.
 *
 * Interrupted copies are repaired by the next start, as the mark is set only after the copy: until then the volume
 * belongs to no running container.
 * @returns whether something was copied.
 */
export async function seedVolume(
  roots: StateRoots,
  native: SeedOps,
  request: SeedRequest,
): Promise<boolean> {
  const { data } = volumePaths(roots, request.volume);
  const before = running.get(data);
  const copy = (before ?? Promise.resolve(false))
    .catch(() => false)
    .then(() => seedOnce(roots, native, request));
  running.set(data, copy);
  try {
    return await copy;
  } finally {
    if (running.get(data) === copy) running.delete(data);
  }
}

async function seedOnce(
  roots: StateRoots,
  native: SeedOps,
  request: SeedRequest,
): Promise<boolean> {
  const paths = volumePaths(roots, request.volume);
  const record = readVolume(roots, request.volume);
  if (record === undefined || request.noCopy) return false;
  if (volumeSource(record).kind !== 'folder' || existsSync(paths.seeded)) return false;
  const started = existsSync(`${paths.seeded}.started`);
  const needed = started || readdirSync(paths.data).length === 0;
  if (needed) {
    writeFileSync(`${paths.seeded}.started`, '');
    const { lower, path } = request;
    await native.request('volume.seed', { lower: [...lower], path, target: paths.data });
  }
  writeFileSync(paths.seeded, '');
  return needed;
}
