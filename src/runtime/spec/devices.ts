import { readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../core/index.ts';
import type { RuntimeContainer } from './input.ts';
import type { OciDevice, OciDeviceRule } from './oci-spec.wire.ts';

/** Nodes that every container has anyway, or that belong to its own /dev/pts, /dev/shm and terminal. */
const ownNodes = new Set(['pts', 'shm', 'fd', 'mqueue', 'console', '.lxc', '.lxd-mounts', '.udev']);

/** Device nodes of the container and the cgroup rules that let it use them. */
export function devices(container: RuntimeContainer): {
  readonly nodes: OciDevice[];
  readonly rules: OciDeviceRule[];
} {
  if (container.privileged) {
    return { nodes: hostDevices('/dev'), rules: [{ allow: true, access: 'rwm' }] };
  }
  const rules: OciDeviceRule[] = [{ allow: false, access: 'rwm' }];
  const nodes: OciDevice[] = [];
  for (const { source, target, permissions } of container.devices ?? []) {
    const found = deviceNodes(source, target);
    nodes.push(...found);
    for (const { type, major, minor } of found) {
      rules.push({ allow: true, type, major, minor, access: permissions });
    }
  }
  rules.push(...(container.deviceCgroupRules ?? []).map(deviceRule));
  return { nodes, rules };
}

/**
 * Major and minor number of a device on the host.
 * @throws {AppError} `RUNTIME_SPEC_INVALID` where `path` is none.
 */
export function deviceNumber(path: string): { readonly major: number; readonly minor: number } {
  const stats = deviceStats(path);
  if (stats.isBlockDevice() || stats.isCharacterDevice()) return splitNumber(stats.rdev);
  throw notADevice(path);
}

/** `source` may be a folder (`/dev/snd`): everything in it. */
function deviceNodes(source: string, target: string): OciDevice[] {
  const stats = deviceStats(source);
  if (stats.isDirectory()) {
    return readdirSync(source).flatMap((name) =>
      deviceNodes(join(source, name), join(target, name)),
    );
  }
  const node = deviceNode(target, stats);
  if (node === undefined) throw notADevice(source);
  return [node];
}

function hostDevices(folder: string): OciDevice[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (folder === '/dev' && ownNodes.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return hostDevices(path);
    if (!entry.isBlockDevice() && !entry.isCharacterDevice()) return [];
    return deviceNode(path, statSync(path)) ?? [];
  });
}

function deviceNode(path: string, stats: Stats): OciDevice | undefined {
  const type = stats.isBlockDevice() ? 'b' : stats.isCharacterDevice() ? 'c' : undefined;
  if (type === undefined) return undefined;
  const { major, minor } = splitNumber(stats.rdev);
  return {
    path,
    type,
    major,
    minor,
    fileMode: stats.mode & 0o777,
    uid: stats.uid,
    gid: stats.gid,
  };
}

/** glibc's gnu_dev_major and gnu_dev_minor. */
function splitNumber(rdev: number): { major: number; minor: number } {
  const number = BigInt(rdev);
  const major = ((number >> 8n) & 0xfffn) | ((number >> 32n) & ~0xfffn);
  const minor = (number & 0xffn) | ((number >> 12n) & ~0xffn);
  return { major: Number(major), minor: Number(minor & 0xffff_ffffn) };
}

function deviceStats(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    throw new AppError('RUNTIME_SPEC_INVALID', `device ${path} does not exist`, { cause: error });
  }
}

function notADevice(path: string): AppError {
  return new AppError('RUNTIME_SPEC_INVALID', `${path} is not a device`);
}

/** `c 13:* rwm` */
function deviceRule(text: string): OciDeviceRule {
  const match = /^([abc])\s+(\d+|\*):(\d+|\*)\s+([rwm]{1,3})$/.exec(text.trim());
  if (match === null) {
    throw new AppError('RUNTIME_SPEC_INVALID', `device cgroup rule "${text}" is not understood`, {
      hint: 'Write it as TYPE MAJOR:MINOR ACCESS, for example "c 13:* rwm".',
    });
  }
  const [, type, major, minor, access = ''] = match;
  return {
    allow: true,
    type: type as 'a' | 'b' | 'c',
    ...(major === '*' ? {} : { major: Number(major) }),
    ...(minor === '*' ? {} : { minor: Number(minor) }),
    access,
  };
}
