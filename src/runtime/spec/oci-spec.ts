import { AppError } from '../../core/index.ts';
import { capabilitySet } from './capabilities.ts';
import { devices } from './devices.ts';
import type { RuntimeContainer, RuntimeNamespace } from './input.ts';
import { initTarget, ociMounts, rootPropagation } from './mounts.ts';
import type { OciProcess, OciSpec } from './oci-spec.wire.ts';
import { ociResources } from './resources.ts';
import { type Security, security } from './security.ts';

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Docker's: what of /proc and /sys tells about, or reaches, the machine. */
const maskedPaths = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
];
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** Names of setrlimit(2), lower case as compose files write them. */
const limits = new Set([
  'as',
  'core',
  'cpu',
  'data',
  'fsize',
  'locks',
  'memlock',
  'msgqueue',
  'nice',
  'nofile',
  'nproc',
  'rss',
  'rtprio',
  'rttime',
  'sigpending',
  'stack',
]);

/**
 * A container's config.json. Members stand in one order whatever the input's, so that two specs can be compared as text.
 *
 * The user's name is not looked up here: /etc/passwd belongs to the container and may be anything. The native
 * side resolves the annotation `coracle.user` (and `coracle.groups`) inside the container's root.
 * @param folder `<data>/containers/<id>`.
 * @param arch in Node's names.
 * @throws {AppError} `RUNTIME_SPEC_INVALID`, `RUNTIME_SECCOMP_PROFILE_INVALID`
 */
export function ociSpec(container: RuntimeContainer, folder: string, arch: string): OciSpec {
  const capabilities = capabilitySet(container.capAdd, container.capDrop, container.privileged);
  const guard = security(container, { capabilities, arch });
  const { nodes, rules } = devices(container);
  const propagation = rootPropagation(container.mounts);
  return {
    ociVersion: '1.2.0',
    process: process(container, capabilities, guard),
    root: { path: `${folder}/rootfs`, readonly: container.readOnlyRootfs ?? false },
    ...(container.hostname === undefined ? {} : { hostname: container.hostname }),
    ...(container.domainname === undefined ? {} : { domainname: container.domainname }),
    mounts: ociMounts(container, folder),
    annotations: {
      ...container.annotations,
      'coracle.user': container.user,
      ...(container.groupAdd?.length ? { 'coracle.groups': container.groupAdd.join(',') } : {}),
    },
    linux: {
      namespaces: namespaces(container),
      cgroupsPath: `${container.cgroupParent ?? '/coracle'}/${container.id}`,
      devices: nodes,
      resources: ociResources(container.resources ?? {}, rules),
      sysctl: { ...networkSettings(container), ...container.sysctls },
      ...(guard.seccomp === undefined ? {} : { seccomp: guard.seccomp }),
      maskedPaths: guard.systemPaths ? maskedPaths : [],
      readonlyPaths: guard.systemPaths ? readonlyPaths : [],
      ...(propagation === undefined ? {} : { rootfsPropagation: propagation }),
    },
  };
}

function process(
  container: RuntimeContainer,
  capabilities: readonly string[],
  guard: Security,
): OciProcess {
  const { apparmor } = guard;
  return {
    terminal: container.tty ?? false,
    // Replaced by what the annotation `coracle.user` names.
    user: { uid: 0, gid: 0 },
    args: container.initPath === undefined ? container.args : [initTarget, '--', ...container.args],
    env: environment(container),
    cwd: container.cwd,
    capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    rlimits: (container.ulimits ?? []).map(({ name, soft, hard }) => {
      if (limits.has(name)) return { type: `RLIMIT_${name.toUpperCase()}`, soft, hard };
      throw new AppError('RUNTIME_SPEC_INVALID', `unknown ulimit "${name}"`, {
        hint: `Use one of ${[...limits].join(', ')}.`,
      });
    }),
    noNewPrivileges: guard.noNewPrivileges,
    ...(container.oomScoreAdj === undefined ? {} : { oomScoreAdj: container.oomScoreAdj }),
    ...(apparmor === undefined || apparmor === 'unconfined' ? {} : { apparmorProfile: apparmor }),
  };
}

/** What Docker adds stands first, and only where the container says nothing else. HOME is the native side's. */
function environment({ env, hostname, tty, isEnvWhole }: RuntimeContainer): string[] {
  if (isEnvWhole) return [...env];
  const named = new Set(env.map((entry) => entry.slice(0, entry.indexOf('='))));
  const added: string[] = [];
  if (!named.has('PATH')) added.push(`PATH=${defaultPath}`);
  if (!named.has('HOSTNAME') && hostname !== undefined) added.push(`HOSTNAME=${hostname}`);
  if (!named.has('TERM') && tty) added.push('TERM=xterm');
  return [...added, ...env];
}

/** Docker's for a network namespace of the container's own: any user may bind any port, and send pings. */
function networkSettings({ network }: RuntimeContainer): Record<string, string> {
  if (network.mode !== 'bridge' && network.mode !== 'none') return {};
  return {
    'net.ipv4.ip_unprivileged_port_start': '0',
    'net.ipv4.ping_group_range': '0 2147483647',
  };
}

function namespaces(container: RuntimeContainer): { type: string; path?: string }[] {
  const { network } = container;
  const list: { type: string; path?: string }[] = [{ type: 'mount' }];
  const add = (type: string, from: RuntimeNamespace | undefined) => {
    if (from?.kind === 'host') return;
    list.push(from?.kind === 'path' ? { type, path: from.path } : { type });
  };
  // The shim makes the network's, or joins the other container's, and hands it over.
  if (network.mode !== 'host') list.push({ type: 'network' });
  add('uts', container.utsNamespace);
  add('pid', container.pidNamespace);
  add('ipc', container.ipcNamespace);
  if (!container.privileged || container.cgroupNamespace !== undefined) {
    add('cgroup', container.cgroupNamespace);
  }
  return list;
}
