import { dirname, join } from 'node:path';
import { nftTable } from '../../network/index.ts';
import type { RuntimeContainer, RuntimeEndpoint, RuntimeNamespace } from '../../runtime/index.ts';
import type { StateRoots } from '../../state/index.ts';
import type { ContainerRecord, EndpointRecord, RestartPolicy } from '../container-record.ts';
import { dnsNames } from '../dns-names.ts';
import { publishedEndpoint } from '../networks/published-endpoint.ts';
import { signalName } from '../signal-name.ts';
import { endpointOptions } from './endpoint-request.ts';
import { runtimeHealthcheck } from './healthcheck.ts';
import { logRotation } from './log-config.ts';
import { runtimeProgram } from './oci-runtime.ts';
import { runtimeMounts } from './runtime-mounts.ts';
import { runtimeResources } from './runtime-resources.ts';

/** What the record does not say and the bundle needs. */
export interface BundleSurroundings {
  readonly roots: StateRoots;
  /** coracle-init stands beside it. */
  readonly nativeBinary: string;
  /** Layer folders of the image, topmost first. */
  readonly layers: readonly string[];
  /** Nameservers that the resolver forwards to. */
  readonly upstreams: readonly string[];
  /** Of the containers whose pid or ipc namespace is shared, by id: the pid of their init. */
  readonly pids: ReadonlyMap<string, number>;
}

/** Translates a container's record, in Docker's words, into what the runtime makes its bundle of. */
export function runtimeContainer(
  record: ContainerRecord,
  surroundings: BundleSurroundings,
): RuntimeContainer {
  const { config, hostConfig: host } = record;
  const bridge = record.networkMode.kind === 'bridge';
  const shell = config.Shell;
  return {
    id: record.id,
    name: record.name,
    ...given('runtimeProgram', runtimeProgram(host.Runtime)),
    layers: surroundings.layers,
    args: [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])],
    env: config.Env,
    cwd: config.WorkingDir || '/',
    user: config.User,
    ...given('groupAdd', host.GroupAdd),
    ...given('capAdd', host.CapAdd as string[] | undefined),
    ...given('capDrop', host.CapDrop as string[] | undefined),
    ...given('privileged', host.Privileged),
    ...given('securityOpt', host.SecurityOpt as string[] | undefined),
    ...given('readOnlyRootfs', host.ReadonlyRootfs),
    // With the host's UTS namespace, setting a name would rename the host.
    ...(host.UTSMode === 'host' ? {} : { hostname: config.Hostname }),
    ...(host.UTSMode === 'host' || config.Domainname === ''
      ? {}
      : { domainname: config.Domainname }),
    mounts: runtimeMounts(record.mounts),
    etcFiles: { hosts: true, hostname: true, resolvConf: true },
    ...given('shmSizeBytes', host.ShmSize || undefined),
    ...given('devices', deviceList(host.Devices)),
    ...given('deviceCgroupRules', host.DeviceCgroupRules),
    ...given(
      'ulimits',
      host.Ulimits?.map(({ Name, Soft, Hard }) => ({
        name: Name ?? '',
        soft: Soft ?? 0,
        hard: Hard ?? 0,
      })),
    ),
    ...given('sysctls', host.Sysctls),
    resources: runtimeResources(host),
    ...given('oomScoreAdj', host.OomScoreAdj || undefined),
    ...given('cgroupParent', host.CgroupParent || undefined),
    ...namespaces(record, surroundings.pids),
    ...(host.Init ? { initPath: join(dirname(surroundings.nativeBinary), 'coracle-init') } : {}),
    ...given('annotations', (host as { Annotations?: Record<string, string> }).Annotations),
    tty: config.Tty,
    stdinOpen: config.OpenStdin,
    stdinOnce: config.StdinOnce,
    network: {
      table: nftTable(surroundings.roots.run),
      mode: record.networkMode.kind,
      ...(record.networkMode.kind === 'join'
        ? { joinContainer: record.networkMode.container }
        : {}),
      endpoints: record.endpoints.map((endpoint) =>
        runtimeEndpoint(surroundings.roots, record, endpoint),
      ),
      ports: runtimePorts(record),
      resolver: bridge ? { upstreams: surroundings.upstreams, hosts: hostNames(record) } : null,
      project: config.Labels['com.docker.compose.project'] ?? null,
    },
    log: logRotation(host.LogConfig),
    restart: runtimeRestart(host.RestartPolicy),
    healthcheck: runtimeHealthcheck(config.Healthcheck, shell),
    stop: {
      signal: signalName(config.StopSignal ?? 'SIGTERM'),
      timeoutMs: (config.StopTimeout ?? 10) * 1000,
    },
    // What the shim's events carry, as the engine's own do (engine-context.ts).
    labels: { ...config.Labels, image: config.Image },
  };
}

function runtimeRestart(policy: RestartPolicy | undefined): RuntimeContainer['restart'] {
  const { Name, MaximumRetryCount = 0, MaxAttempts = 0, Delay, Window } = policy ?? {};
  return {
    policy: (Name || 'no') as RuntimeContainer['restart']['policy'],
    maxRetries: MaximumRetryCount || MaxAttempts,
    ...(Delay === undefined ? {} : { delayMs: Math.round(Delay / 1e6) }),
    ...(Window === undefined ? {} : { windowMs: Math.round(Window / 1e6) }),
  };
}

function runtimeEndpoint(
  roots: StateRoots,
  record: ContainerRecord,
  endpoint: EndpointRecord,
): RuntimeEndpoint {
  return {
    network: endpoint.networkId,
    link: endpoint.link ?? 'veth',
    bridge: endpoint.bridge,
    hostName: endpoint.hostName,
    interface: endpoint.interface,
    address: `${endpoint.address}/${endpoint.prefixLength}`,
    gateway: endpoint.gateway,
    address6: endpoint.address6 ? `${endpoint.address6}/${endpoint.prefixLength6}` : null,
    gateway6: endpoint.gateway6 ?? null,
    mac: endpoint.mac,
    mtu: endpoint.mtu,
    default: endpoint.isDefault,
    isolated: endpoint.isolated ?? false,
    rules: endpoint.rules ?? null,
    extraAddresses: endpoint.linkLocal ?? [],
    sysctls: endpointOptions(endpoint.driverOpts ?? {}, endpoint.interface, endpoint.networkName)
      .sysctls,
    zone: join(roots.run, 'networks', endpoint.networkId, 'zone'),
    names: dnsNames(record, endpoint),
  };
}

/** How a container names the host: Docker Desktop's names, which files written for it use. */
function hostNames({ endpoints }: ContainerRecord): string[] {
  const gateway = endpoints.find(({ isDefault }) => isDefault)?.gateway;
  if (!gateway) return [];
  return [gateway, 'host.docker.internal', gateway, 'gateway.docker.internal'];
}

/** Ports lead to the address on the network that also carries the default route. */
function runtimePorts(record: ContainerRecord): RuntimeContainer['network']['ports'] {
  const target = publishedEndpoint(record.endpoints);
  if (target === undefined) return [];
  return record.ports.map((port) => ({
    ...port,
    address: target.address,
    address6: target.address6 ?? null,
    routed6: target.routed6 ?? false,
  }));
}

function namespaces(
  record: ContainerRecord,
  pids: ReadonlyMap<string, number>,
): Pick<RuntimeContainer, 'cgroupNamespace' | 'pidNamespace' | 'ipcNamespace' | 'utsNamespace'> {
  const host = record.hostConfig as typeof record.hostConfig & { CgroupnsMode?: string };
  const modes = {
    pidNamespace: runtimeNamespace(host.PidMode, 'pid', pids),
    ipcNamespace: runtimeNamespace(host.IpcMode, 'ipc', pids),
    utsNamespace: runtimeNamespace(host.UTSMode, 'uts', pids),
    cgroupNamespace: runtimeNamespace(host.CgroupnsMode, 'cgroup', pids),
  };
  return Object.fromEntries(Object.entries(modes).filter(([, mode]) => mode !== undefined));
}

function runtimeNamespace(
  mode: string | undefined,
  kind: string,
  pids: ReadonlyMap<string, number>,
): RuntimeNamespace | undefined {
  if (!mode) return undefined;
  if (mode === 'host') return { kind: 'host' };
  if (!mode.startsWith('container:')) return { kind: 'private' };
  const pid = pids.get(mode.slice('container:'.length));
  // Unknown until the start, which writes the spec again with the pid of that moment.
  return { kind: 'path', path: `/proc/${pid ?? 0}/ns/${kind}` };
}

function deviceList(devices: unknown): RuntimeContainer['devices'] | undefined {
  if (!Array.isArray(devices)) return undefined;
  return (devices as Record<string, string | undefined>[]).map((device) => ({
    source: device.PathOnHost ?? '',
    target: device.PathInContainer || (device.PathOnHost ?? ''),
    permissions: device.CgroupPermissions || 'rwm',
  }));
}

/** `{ [key]: value }`, or nothing where there is no value: exact optional properties take no undefined. */
function given<Key extends string, Value>(
  key: Key,
  value: Value | null | undefined,
): { [K in Key]?: Value } {
  return (value === undefined || value === null ? {} : { [key]: value }) as { [K in Key]?: Value };
}
