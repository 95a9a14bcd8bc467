import { join } from 'node:path';
import type { RuntimeContainer, RuntimeMount } from './input.ts';
import type { OciMount } from './oci-spec.wire.ts';

const defaultShmBytes = 64 * 1024 * 1024;

/** Where `init: true` puts coracle-init, and Docker its own. */
export const initTarget = '/sbin/docker-init';

/**
 * All mounts in the order in which they are made: the system's, then the container's from the root downwards,
 * so that a bind on /etc does not hide /etc/hosts. A mount of the user's replaces the system's at its place.
 * @param folder the container's folder, in which hosts, hostname and resolv.conf lie.
 */
export function ociMounts(container: RuntimeContainer, folder: string): OciMount[] {
  const own = [
    ...container.mounts.map(ociMount),
    ...etcMounts(container, folder),
    ...initMount(container),
  ];
  const taken = new Set(own.map(({ destination }) => destination));
  const system = systemMounts(container).filter(({ destination }) => !taken.has(destination));
  return [...system, ...own.sort((a, b) => depth(a.destination) - depth(b.destination))];
}

/**
 * `rootfsPropagation` as a shared or slave bind needs it.
 */
export function rootPropagation(mounts: readonly RuntimeMount[]): string | undefined {
  const kinds = mounts.map((mount) => (mount.type === 'bind' ? mount.propagation : undefined));
  if (kinds.some((kind) => kind === 'shared' || kind === 'rshared')) return 'shared';
  if (kinds.some((kind) => kind === 'slave' || kind === 'rslave')) return 'rslave';
  return undefined;
}

function systemMounts(container: RuntimeContainer): OciMount[] {
  const access = container.privileged ? 'rw' : 'ro';
  const safe = ['nosuid', 'noexec', 'nodev'];
  return [
    mount('/proc', 'proc', 'proc', safe),
    mount('/dev', 'tmpfs', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']),
    mount('/dev/pts', 'devpts', 'devpts', [
      'nosuid',
      'noexec',
      'newinstance',
      'ptmxmode=0666',
      'mode=0620',
      'gid=5',
    ]),
    mount('/sys', 'sysfs', 'sysfs', [...safe, access]),
    mount('/sys/fs/cgroup', 'cgroup', 'cgroup', [access, ...safe]),
    ...ipcMounts(container, safe),
  ];
}

/** Shared memory and message queues belong to the ipc namespace, wherever that comes from. */
function ipcMounts({ ipcNamespace, shmSizeBytes }: RuntimeContainer, safe: string[]): OciMount[] {
  const bind = ['rbind', ...safe];
  // Shows the queues of whatever ipc namespace it is mounted in.
  const queues = mount('/dev/mqueue', 'mqueue', 'mqueue', safe);
  if (ipcNamespace?.kind === 'host') return [queues, mount('/dev/shm', 'bind', '/dev/shm', bind)];
  if (ipcNamespace?.kind === 'path') {
    const root = ipcNamespace.path.replace(/\/ns\/ipc$/, '/root');
    return [queues, mount('/dev/shm', 'bind', join(root, 'dev/shm'), bind)];
  }
  const size = `size=${shmSizeBytes ?? defaultShmBytes}`;
  return [queues, mount('/dev/shm', 'tmpfs', 'shm', [...safe, 'mode=1777', size])];
}

/** On a read-only root these are read-only too, as Docker's. */
function etcMounts({ etcFiles, readOnlyRootfs }: RuntimeContainer, folder: string): OciMount[] {
  const options = ['rbind', ...(readOnlyRootfs ? ['ro'] : []), 'rprivate'];
  const files: readonly (readonly [boolean, string])[] = [
    [etcFiles.resolvConf, 'resolv.conf'],
    [etcFiles.hostname, 'hostname'],
    [etcFiles.hosts, 'hosts'],
  ];
  return files
    .filter(([wanted]) => wanted)
    .map(([, name]) => mount(`/etc/${name}`, 'bind', join(folder, name), options));
}

function initMount({ initPath }: RuntimeContainer): OciMount[] {
  return initPath === undefined
    ? []
    : [mount(initTarget, 'bind', initPath, ['bind', 'ro', 'rprivate'])];
}

function ociMount(wanted: RuntimeMount): OciMount {
  if (wanted.type === 'tmpfs') {
    const options = [
      ...['nosuid', 'nodev', 'noexec'].filter(
        (flag) => !(wanted.options ?? []).includes(flag.slice(2)),
      ),
      ...(wanted.options ?? []),
      ...(wanted.sizeBytes === undefined ? [] : [`size=${wanted.sizeBytes}`]),
      ...(wanted.mode === undefined ? [] : [`mode=${wanted.mode.toString(8)}`]),
      ...(wanted.readOnly ? ['ro'] : []),
    ];
    return mount(wanted.target, 'tmpfs', 'tmpfs', options);
  }
  const recursive = wanted.recursive ?? 'enabled';
  // As since Docker 25, a read-only bind is read-only all the way down unless the file says otherwise.
  const access = !wanted.readOnly
    ? 'rw'
    : recursive === 'enabled' || recursive === 'readonly'
      ? 'rro'
      : 'ro';
  return mount(wanted.target, 'bind', wanted.source, [
    recursive === 'disabled' ? 'bind' : 'rbind',
    access,
    wanted.propagation ?? 'rprivate',
  ]);
}

function mount(
  destination: string,
  type: string,
  source: string,
  options: readonly string[],
): OciMount {
  return { destination, type, source, options: [...options] };
}

function depth(path: string): number {
  return path.split('/').filter(Boolean).length;
}
