import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type Dockerode from 'dockerode';
import { AppError } from '../core/index.ts';
import { isErrno, type StateRoots, syncFolder, writeFileAtomic } from '../state/index.ts';
import { readDriverOptions, type VolumeSource } from './driver-options.ts';
import { isVolumeName, readVolume, type VolumeRecord, volumePaths } from './volume-record.ts';

/** Docker marks volumes without a name of the user's own with this label, of empty value. */
export const anonymousLabel = 'com.docker.volume.anonymous';

/** The native operation that removing a volume needs (native/PROTOCOL.md). */
export interface TreeOps {
  request(op: 'tree.remove', fields: { path: string }): Promise<unknown>;
}

let serial = 0;

/**
 * Creates a volume, or returns the one that has this name already. Its labels then stay as they are, as in Docker; other
 * driver options are an error. Without a name the volume is anonymous: 64 hex digits and {@link anonymousLabel}.
 * @param created RFC 3339.
 * @throws {AppError} `VOLUME_NAME_INVALID`, `VOLUME_NAME_TAKEN`, `VOLUME_DRIVER_UNSUPPORTED`, `VOLUME_OPTION_UNSUPPORTED`
 */
export function createVolume(
  roots: StateRoots,
  options: Dockerode.VolumeCreateOptions,
  created: string,
): VolumeRecord {
  const anonymous = !options.Name;
  const name = options.Name || randomBytes(32).toString('hex');
  if (!isVolumeName(name)) {
    const message = `volume name "${name}" is not allowed`;
    throw new AppError('VOLUME_NAME_INVALID', message, { details: { name } });
  }
  if (options.Driver && options.Driver !== 'local') {
    const message = `volume "${name}": driver "${options.Driver}" is not supported`;
    throw new AppError('VOLUME_DRIVER_UNSUPPORTED', message);
  }
  const driverOptions = options.DriverOpts ?? {};
  readDriverOptions(name, driverOptions);
  const record: VolumeRecord = {
    version: 1,
    name,
    created,
    driver: 'local',
    options: driverOptions,
    labels: { ...options.Labels, ...(anonymous ? { [anonymousLabel]: '' } : {}) },
  };
  return readVolume(roots, name) === undefined && publish(roots, record)
    ? record
    : existing(roots, record);
}

/** The folder is made whole beside its place and renamed there, so a volume never exists in part. */
function publish(roots: StateRoots, record: VolumeRecord): boolean {
  const { dir } = volumePaths(roots, record.name);
  serial += 1;
  // No volume name starts with a full stop.
  const aside = join(dirname(dir), `.${record.name.slice(0, 200)}.${process.pid}.${serial}`);
  mkdirSync(dirname(dir), { recursive: true, mode: 0o711 });
  try {
    mkdirSync(aside, { mode: 0o711 });
    mkdirSync(join(aside, '_data'));
    writeFileAtomic(join(aside, 'volume.json'), `${JSON.stringify(record, null, 2)}\n`);
    renameSync(aside, dir);
  } catch (error) {
    rmSync(aside, { recursive: true, force: true });
    if (isErrno(error, 'ENOTEMPTY') || isErrno(error, 'EEXIST')) return false;
    throw error;
  }
  syncFolder(dirname(dir));
  return true;
}

function existing(roots: StateRoots, wanted: VolumeRecord): VolumeRecord {
  const record = readVolume(roots, wanted.name);
  if (record === undefined) {
    const { record: path } = volumePaths(roots, wanted.name);
    throw new AppError('STATE_RECORD_INVALID', `volume "${wanted.name}" has no record ${path}`);
  }
  const sorted = (options: Readonly<Record<string, string>>) =>
    JSON.stringify(Object.entries(options).sort());
  // Without options, the volume is only named: by a container that mounts it.
  const differs = sorted(record.options) !== sorted(wanted.options);
  if (differs && Object.keys(wanted.options).length > 0) {
    const message = `volume "${wanted.name}" already exists with other driver options`;
    throw new AppError('VOLUME_NAME_TAKEN', message, {
      details: { name: wanted.name, options: record.options },
    });
  }
  return record;
}

/**
 * Removes a volume and its data.
 * @param users containers, running or not, that mount it.
 * @throws {AppError} `VOLUME_IN_USE`, `VOLUME_NOT_FOUND`
 */
export async function removeVolume(
  roots: StateRoots,
  native: TreeOps,
  name: string,
  users: readonly { readonly id: string; readonly name: string }[],
): Promise<void> {
  if (users.length > 0) {
    const list = users.map((user) => `${user.name} (${user.id.slice(0, 12)})`).join(', ');
    const message = `volume ${name} is in use by ${list}`;
    throw new AppError('VOLUME_IN_USE', message, {
      details: { volume: name, containers: users.map((user) => user.name) },
    });
  }
  const { dir } = volumePaths(roots, name);
  serial += 1;
  const aside = join(dirname(dir), `.${name.slice(0, 200)}.${process.pid}.${serial}.removed`);
  if (!isVolumeName(name)) throw new AppError('VOLUME_NOT_FOUND', `no such volume: ${name}`);
  try {
    // From here on nobody can mount it, however long the removal takes and even if it is interrupted.
    renameSync(dir, aside);
  } catch (cause) {
    if (!isErrno(cause, 'ENOENT')) throw cause;
    throw new AppError('VOLUME_NOT_FOUND', `no such volume: ${name}`, { cause });
  }
  await native.request('tree.remove', { path: aside });
  for (const path of unfinishedVolumes(roots)) await native.request('tree.remove', { path });
}

/** Folders in passing of processes that were killed, to be removed: `.db.4242.1`, `.db.4242.2.removed`. */
export function unfinishedVolumes(roots: StateRoots): string[] {
  const folder = join(roots.data, 'volumes');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const [, pid] = /^\..+\.(\d+)\.\d+(?:\.removed)?$/.exec(name) ?? [];
    return pid === undefined || existsSync(`/proc/${pid}`) ? [] : [join(folder, name)];
  });
}

/** What a container mounts for this volume. */
export function volumeSource(record: VolumeRecord): VolumeSource {
  return readDriverOptions(record.name, record.options);
}

/** A volume as Docker's API shows it; `Options` and `Labels` are null where there are none. */
export function volumeView(roots: StateRoots, record: VolumeRecord): Dockerode.VolumeInspectInfo {
  const view = {
    CreatedAt: record.created,
    Driver: record.driver,
    Labels: orNull(record.labels),
    Mountpoint: volumePaths(roots, record.name).data,
    Name: record.name,
    Options: orNull(record.options),
    Scope: 'local' as const,
  };
  // dockerode's type says that Labels are never null; Docker's daemon says otherwise.
  return view as typeof view & Dockerode.VolumeInspectInfo;
}

function orNull(map: Readonly<Record<string, string>>): Record<string, string> | null {
  return Object.keys(map).length === 0 ? null : { ...map };
}
