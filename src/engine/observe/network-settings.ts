import type { ContainerInfo, ContainerInspectInfo } from '../api.ts';
import type { ContainerRecord, EndpointIpam, EndpointRecord } from '../container-record.ts';
import { type PublishedPort, parsePortKey } from '../create/published-ports.ts';
import { dnsNames } from '../dns-names.ts';
import type { ContainerState } from './read-state.ts';
import { hasProcess } from './running.ts';

/** One network of a container as Docker's API shows it; dockerode's type lacks the newer fields. */
export interface NetworkSettings {
  readonly IPAMConfig: EndpointIpam | null;
  readonly Links: null;
  readonly Aliases: readonly string[] | null;
  readonly DriverOpts: Readonly<Record<string, string>> | null;
  readonly GwPriority: number;
  readonly NetworkID: string;
  readonly EndpointID: string;
  readonly Gateway: string;
  readonly IPAddress: string;
  readonly IPPrefixLen: number;
  readonly IPv6Gateway: string;
  readonly GlobalIPv6Address: string;
  readonly GlobalIPv6PrefixLen: number;
  readonly MacAddress: string;
  readonly DNSNames: readonly string[] | null;
}

/**
 * The networks of a container by name. Addresses are shown while it runs, as by Docker, although they stay reserved
 * for it until it is removed.
 * @param full  with aliases and DNS names, which only `inspect` shows.
 */
export function containerNetworks(
  record: ContainerRecord,
  state: ContainerState,
  full: boolean,
): Record<string, NetworkSettings> {
  const live = hasProcess(state);
  const { kind } = record.networkMode;
  if (kind === 'host' || kind === 'none') {
    return { [kind]: { ...emptySettings, NetworkID: kind, EndpointID: live ? record.id : '' } };
  }
  const networks: Record<string, NetworkSettings> = {};
  for (const endpoint of record.endpoints) {
    networks[endpoint.networkName] = {
      ...emptySettings,
      IPAMConfig: endpoint.ipamConfig,
      Aliases: full && endpoint.aliases.length > 0 ? endpoint.aliases : null,
      DriverOpts: given(endpoint.driverOpts),
      GwPriority: endpoint.gwPriority,
      NetworkID: endpoint.networkId,
      DNSNames: full ? dnsNames(record, endpoint) : null,
      ...(live ? liveSettings(record, endpoint) : {}),
    };
  }
  return networks;
}

const emptySettings: NetworkSettings = {
  IPAMConfig: null,
  Links: null,
  Aliases: null,
  DriverOpts: null,
  GwPriority: 0,
  NetworkID: '',
  EndpointID: '',
  Gateway: '',
  IPAddress: '',
  IPPrefixLen: 0,
  IPv6Gateway: '',
  GlobalIPv6Address: '',
  GlobalIPv6PrefixLen: 0,
  MacAddress: '',
  DNSNames: null,
};

function liveSettings(record: ContainerRecord, endpoint: EndpointRecord): Partial<NetworkSettings> {
  return {
    EndpointID: endpointId(record.id, endpoint.networkId),
    Gateway: endpoint.gateway ?? '',
    IPAddress: endpoint.address,
    IPPrefixLen: endpoint.prefixLength,
    IPv6Gateway: endpoint.gateway6 ?? '',
    GlobalIPv6Address: endpoint.address6 ?? '',
    GlobalIPv6PrefixLen: endpoint.prefixLength6 ?? 0,
    MacAddress: endpoint.mac,
  };
}

function given(options: EndpointRecord['driverOpts']): Readonly<Record<string, string>> | null {
  return options === undefined || Object.keys(options).length === 0 ? null : options;
}

/** An endpoint has no life of its own here: its id is made of what it joins. */
export function endpointId(containerId: string, networkId: string): string {
  return `${containerId.slice(0, 32)}${networkId.slice(0, 32)}`;
}

/** Ports as they are bound now; before the first start and after the end there are none. */
function boundPorts(record: ContainerRecord, state: ContainerState): readonly PublishedPort[] {
  if (!hasProcess(state)) return [];
  return state.ports.length > 0 ? state.ports : record.ports;
}

/** The `Ports` of a listing: published ones in full, exposed ones by their number. */
export function portList(record: ContainerRecord, state: ContainerState): ContainerInfo['Ports'] {
  if (!hasProcess(state)) return [];
  const bound = boundPorts(record, state);
  const list: Partial<ContainerInfo['Ports'][number]>[] = bound.map((port) => ({
    IP: port.hostIp,
    PrivatePort: port.containerPort,
    PublicPort: port.hostPort,
    Type: port.protocol,
  }));
  for (const key of Object.keys(record.config.ExposedPorts ?? {})) {
    const { port, protocol } = parsePortKey(key);
    if (!bound.some((entry) => entry.containerPort === port && entry.protocol === protocol)) {
      list.push({ PrivatePort: port, Type: protocol });
    }
  }
  // Docker leaves IP and PublicPort out of exposed ports, which dockerode's type does not know.
  return list as ContainerInfo['Ports'];
}

/** The `NetworkSettings.Ports` of `inspect`: `{"80/tcp": [{"HostIp", "HostPort"}], "90/udp": null}`. */
export function portMap(
  record: ContainerRecord,
  state: ContainerState,
): ContainerInspectInfo['NetworkSettings']['Ports'] {
  const map: Record<string, { HostIp: string; HostPort: string }[] | null> = {};
  if (hasProcess(state)) {
    for (const key of Object.keys(record.config.ExposedPorts ?? {})) map[key] = null;
  }
  for (const port of boundPorts(record, state)) {
    const key = `${port.containerPort}/${port.protocol}`;
    const entry = { HostIp: port.hostIp, HostPort: String(port.hostPort) };
    map[key] = [...(map[key] ?? []), entry];
  }
  return map as ContainerInspectInfo['NetworkSettings']['Ports'];
}
