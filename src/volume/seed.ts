import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StateRoots } from '../state/index.ts';
import { readVolume, volumePaths } from './volume-record.ts';
import { volumeSource } from './volumes.ts';

/** The native operations that copy, and that clear away half a copy (native/PROTOCOL.md). */
export interface SeedOps {
  request(op: 'tree.remove', fields: { path: string }): Promise<unknown>;
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
 * once in a volume's life: one that somebody filled, or emptied since, is left alone. One that is still empty because the
 * first image had nothing there, is not used up.
 *
 * A copy that broke off is done again from the start: until it is whole, no container has the volume but those that want no
 * copy, and what these find is theirs.
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
  const started = `${paths.seeded}.started`;
  const record = readVolume(roots, request.volume);
  if (record === undefined || volumeSource(record).kind !== 'folder') return false;
  if (existsSync(paths.seeded)) return false;
  if (request.noCopy) {
    rmSync(started, { force: true });
    return false;
  }
  if (existsSync(started)) {
    for (const name of readdirSync(paths.data)) {
      await native.request('tree.remove', { path: join(paths.data, name) });
    }
  }
  const wasEmpty = isEmpty(paths.data);
  if (wasEmpty) {
    writeFileSync(started, '');
    const { lower, path } = request;
    await native.request('volume.seed', { lower: [...lower], path, target: paths.data });
  }
  if (!isEmpty(paths.data)) writeFileSync(paths.seeded, '');
  rmSync(started, { force: true });
  return wasEmpty && existsSync(paths.seeded);
}

function isEmpty(folder: string): boolean {
  return readdirSync(folder).length === 0;
}
