import { posix } from 'node:path';
import { AppError } from '../../core/index.ts';
import type { MountPoint, MountPropagation } from './mount-point.ts';
import { parseBind } from './parse-bind.ts';

/** A mount as asked for: the source of a volume is not known yet. */
export interface MountRequest extends MountPoint {
  /** A missing source folder is made (short binds, `BindOptions.CreateMountpoint`). */
  readonly createSource?: boolean;
  /** Of a volume that does not exist yet. */
  readonly volumeLabels?: Readonly<Record<string, string>>;
  readonly volumeDriver?: string;
  readonly volumeOptions?: Readonly<Record<string, string>>;
}

/** Where mounts are asked for in create options. */
export interface MountSources {
  readonly binds: readonly string[];
  /** `HostConfig.Mounts`; dockerode's type lacks half of the wire's keys, so it is read as unknown. */
  readonly mounts: readonly unknown[];
  /** `HostConfig.Tmpfs`: target → options. */
  readonly tmpfs: Readonly<Record<string, string>>;
  /** `Config.Volumes`: targets that get an anonymous volume unless something else is mounted there. */
  readonly volumes: Readonly<Record<string, object>>;
  /** Mounts taken over from other containers; anything named above hides one with the same target. */
  readonly inherited: readonly MountPoint[];
}

/**
 * All mounts of a container, parents before what is mounted inside them.
 * @throws {AppError} `ENGINE_CREATE_OPTION_INVALID` for what cannot be read and for two mounts on one target.
 */
export function containerMounts(sources: MountSources): MountRequest[] {
  const named = [
    ...sources.binds.map(bindRequest),
    ...sources.mounts.map(mountRequest),
    ...Object.entries(sources.tmpfs).map(tmpfsRequest),
  ];
  const byTarget = new Map<string, MountRequest>();
  for (const mount of sources.inherited) byTarget.set(mount.target, mount);
  const seen = new Set<string>();
  for (const mount of named) {
    if (seen.has(mount.target)) throw invalid(`duplicate mount point: ${mount.target}`);
    seen.add(mount.target);
    byTarget.set(mount.target, mount);
  }
  for (const path of Object.keys(sources.volumes)) {
    const target = checkTarget(path, 'Volumes');
    if (!byTarget.has(target)) byTarget.set(target, anonymousVolume(target));
  }
  return [...byTarget.values()].sort((a, b) => depth(a.target) - depth(b.target));
}

function bindRequest(text: string): MountRequest {
  const bind = parseBind(text);
  const common = {
    target: checkTarget(bind.target, 'HostConfig.Binds'),
    readOnly: bind.readOnly,
    mode: bind.mode,
  };
  if (bind.isVolume) {
    return {
      ...common,
      type: 'volume',
      source: '',
      volume: bind.source,
      ...(bind.noCopy ? { noCopy: true } : {}),
    };
  }
  return {
    ...common,
    type: 'bind',
    source: posix.normalize(bind.source),
    createSource: true,
    ...(bind.propagation === '' ? {} : { propagation: bind.propagation }),
  };
}

function tmpfsRequest([path, options]: [string, string]): MountRequest {
  const target = checkTarget(path, 'HostConfig.Tmpfs');
  const list = options === '' ? [] : options.split(',');
  return {
    type: 'tmpfs',
    source: '',
    target,
    readOnly: list.includes('ro'),
    mode: '',
    options: list,
  };
}

/** `HostConfig.Mounts` entries: keys that each type may have; Docker's API, "Mount". */
const mountKeys: Readonly<Record<string, readonly string[]>> = {
  bind: ['BindOptions'],
  volume: ['VolumeOptions'],
  tmpfs: ['TmpfsOptions'],
  image: ['ImageOptions'],
};

function mountRequest(value: unknown, index: number): MountRequest {
  const place = `HostConfig.Mounts[${index}]`;
  const mount = fields(value, place);
  const type = text(mount.Type, `${place}.Type`);
  const own = mountKeys[type];
  if (own === undefined) throw invalid(`${place}: type "${type}" is not supported`);
  onlyKeys(mount, ['Type', 'Source', 'Target', 'ReadOnly', 'Consistency', ...own], place);
  const target = checkTarget(text(mount.Target, `${place}.Target`), `${place}.Target`);
  const source = text(mount.Source, `${place}.Source`);
  const common = { target, readOnly: mount.ReadOnly === true, mode: '' };
  if (type === 'bind') return { ...common, ...bindMount(source, mount.BindOptions, place) };
  if (type === 'volume') return { ...common, ...volumeMount(source, mount.VolumeOptions, place) };
  if (type === 'tmpfs') {
    if (source !== '') throw invalid(`${place}: a tmpfs takes no Source`);
    return { ...common, ...tmpfsMount(mount.TmpfsOptions, place) };
  }
  if (source === '') throw invalid(`${place}: Source must name an image`);
  const options = fields(mount.ImageOptions ?? {}, `${place}.ImageOptions`);
  onlyKeys(options, ['Subpath'], `${place}.ImageOptions`);
  const subpath = text(options.Subpath, `${place}.ImageOptions.Subpath`);
  // An image is shared by all who use it: only ever read.
  return {
    ...common,
    type: 'image',
    source,
    readOnly: true,
    ...(subpath === '' ? {} : { subpath: checkSubpath(subpath, place) }),
  };
}

type Specific = Omit<MountRequest, 'target' | 'readOnly' | 'mode'>;

function bindMount(source: string, value: unknown, place: string): Specific {
  if (!source.startsWith('/')) {
    throw invalid(
      `${place}: invalid mount config for type "bind": "${source}" is no absolute path`,
    );
  }
  const options = fields(value ?? {}, `${place}.BindOptions`);
  onlyKeys(options, ['Propagation', 'CreateMountpoint', 'NonRecursive'], `${place}.BindOptions`);
  const propagation = text(options.Propagation, `${place}.BindOptions.Propagation`);
  if (propagation !== '' && !/^r?(private|shared|slave)$/.test(propagation)) {
    throw invalid(`${place}.BindOptions.Propagation: unknown value "${propagation}"`);
  }
  return {
    type: 'bind',
    source: posix.normalize(source),
    ...(propagation === '' ? {} : { propagation: propagation as MountPropagation }),
    ...(options.CreateMountpoint === true ? { createSource: true } : {}),
    ...(options.NonRecursive === true ? { nonRecursive: true } : {}),
  };
}

function volumeMount(source: string, value: unknown, place: string): Specific {
  const at = `${place}.VolumeOptions`;
  const options = fields(value ?? {}, at);
  onlyKeys(options, ['NoCopy', 'Labels', 'DriverConfig', 'Subpath'], at);
  const driver = fields(options.DriverConfig ?? {}, `${at}.DriverConfig`);
  onlyKeys(driver, ['Name', 'Options'], `${at}.DriverConfig`);
  const subpath = text(options.Subpath, `${at}.Subpath`);
  return {
    ...(source === '' ? { anonymous: true } : { volume: source }),
    type: 'volume',
    source: '',
    ...(options.NoCopy === true ? { noCopy: true } : {}),
    ...(subpath === '' ? {} : { subpath: checkSubpath(subpath, place) }),
    volumeLabels: strings(options.Labels, `${at}.Labels`),
    volumeDriver: text(driver.Name, `${at}.DriverConfig.Name`) || 'local',
    volumeOptions: strings(driver.Options, `${at}.DriverConfig.Options`),
  };
}

function tmpfsMount(value: unknown, place: string): Specific {
  const at = `${place}.TmpfsOptions`;
  const options = fields(value ?? {}, at);
  onlyKeys(options, ['SizeBytes', 'Mode', 'Options'], at);
  const list: string[] = [];
  if (typeof options.SizeBytes === 'number' && options.SizeBytes > 0) {
    list.push(`size=${options.SizeBytes}`);
  }
  if (typeof options.Mode === 'number' && options.Mode > 0) {
    list.push(`mode=${options.Mode.toString(8)}`);
  }
  // [["noexec"], ["uid", "1000"]]
  for (const pair of Array.isArray(options.Options) ? options.Options : []) {
    list.push((pair as readonly string[]).join('='));
  }
  return { type: 'tmpfs', source: '', options: list };
}

function anonymousVolume(target: string): MountRequest {
  return {
    type: 'volume',
    source: '',
    target,
    readOnly: false,
    mode: '',
    anonymous: true,
  };
}

function checkTarget(path: string, place: string): string {
  const target = posix.normalize(path);
  if (!target.startsWith('/') || target === '/') {
    throw invalid(`${place}: target "${path}" must be an absolute path below /`);
  }
  return target.length > 1 && target.endsWith('/') ? target.slice(0, -1) : target;
}

function checkSubpath(path: string, place: string): string {
  const normal = posix.normalize(path);
  if (normal.startsWith('/') || normal === '..' || normal.startsWith('../')) {
    throw invalid(`${place}: subpath "${path}" must stay inside its source`);
  }
  return normal;
}

function depth(path: string): number {
  return path.split('/').length;
}

function fields(value: unknown, place: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(`${place}: must be an object`);
  }
  return value as Record<string, unknown>;
}

function text(value: unknown, place: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw invalid(`${place}: must be a string`);
  return value;
}

function strings(value: unknown, place: string): Record<string, string> {
  const map = fields(value ?? {}, place);
  for (const [key, entry] of Object.entries(map)) text(entry, `${place}.${key}`);
  return map as Record<string, string>;
}

function onlyKeys(map: Record<string, unknown>, known: readonly string[], place: string): void {
  for (const key of Object.keys(map)) {
    if (map[key] === undefined || known.includes(key)) continue;
    throw invalid(`${place}: key "${key}" is not supported`);
  }
}

function invalid(message: string): AppError {
  return new AppError('ENGINE_CREATE_OPTION_INVALID', message);
}
