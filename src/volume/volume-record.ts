import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../core/index.ts';
import { isErrno, readRecord, type StateRoots } from '../state/index.ts';

/** `volume.json`: a volume as it was created. */
export interface VolumeRecord {
  readonly version: 1;
  readonly name: string;
  /** RFC 3339, seconds. */
  readonly created: string;
  readonly driver: 'local';
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

/** Paths of one volume's files; docs/on-disk-layout.md. */
export function volumePaths(roots: StateRoots, name: string) {
  const dir = join(roots.data, 'volumes', name);
  return {
    dir,
    record: join(dir, 'volume.json'),
    /** What containers mount, unless the volume is a bind, tmpfs or nfs mount. */
    data: join(dir, '_data'),
    /** Exists once the image's content was copied into it, or must no longer be. */
    seeded: join(dir, 'seeded'),
  } as const;
}

/** As Docker's local driver: two characters at least; the name becomes a folder. */
export function isVolumeName(name: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name) && name.length <= 255;
}

/**
 * Reads one volume.
 * @returns undefined where it does not exist.
 * @throws {AppError} `STATE_RECORD_INVALID`
 */
export function readVolume(roots: StateRoots, name: string): VolumeRecord | undefined {
  if (!isVolumeName(name)) return undefined;
  const path = volumePaths(roots, name).record;
  const record = readRecord(path);
  if (record === undefined) return undefined;
  if (!('version' in record) || record.version !== 1) {
    throw new AppError('STATE_RECORD_INVALID', `record ${path} has no version that is known here`);
  }
  return record as VolumeRecord;
}

/**
 * The volume of this name.
 * @throws {AppError} `VOLUME_NOT_FOUND`
 */
export function findVolume(roots: StateRoots, name: string): VolumeRecord {
  const record = readVolume(roots, name);
  if (record === undefined) throw new AppError('VOLUME_NOT_FOUND', `no such volume: ${name}`);
  return record;
}

/** All volumes, by name. */
export function listVolumes(roots: StateRoots): VolumeRecord[] {
  let names: string[];
  try {
    names = readdirSync(join(roots.data, 'volumes'));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
  return names.sort().flatMap((name) => readVolume(roots, name) ?? []);
}
