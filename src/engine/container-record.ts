import type Dockerode from 'dockerode';
import { AppError } from '../core/index.ts';
import { containerPaths, readRecord, type StateRoots } from '../state/index.ts';
import type { ContainerConfig } from './create/merge-image-config.ts';
import type { MountPoint } from './create/mount-point.ts';
import type { PublishedPort } from './create/published-ports.ts';

export type HostConfig = Dockerode.HostConfig;

/** Docker's, and of Swarm's what a container's has not. Times in nanoseconds. */
export interface RestartPolicy {
  readonly Name?: string;
  readonly MaximumRetryCount?: number | undefined;
  /** The limit of a policy other than `on-failure`; 0 is without end. */
  readonly MaxAttempts?: number;
  /** Between an end and the next start; left out: a pause that grows. */
  readonly Delay?: number;
  /** A run of this length succeeded: attempts are counted anew. */
  readonly Window?: number;
}

/** Addresses as they were asked for. */
export interface EndpointIpam {
  readonly IPv4Address?: string;
  readonly IPv6Address?: string;
  readonly LinkLocalIPs?: readonly string[];
}

/** One attachment to a network, reserved when the container was created and held until it is removed. */
export interface EndpointRecord {
  readonly networkId: string;
  readonly networkName: string;
  readonly bridge: string;
  /** Name inside the container: `eth0`. */
  readonly interface: string;
  /** Name of the host's end of the veth pair, at most 15 bytes. */
  readonly hostName: string;
  /** Without prefix length: `10.200.0.2`. */
  readonly address: string;
  readonly prefixLength: number;
  /** Null on an internal network. */
  readonly gateway: string | null;
  /** All three null, or missing in an older record, where the network has no IPv6. */
  readonly address6?: string | null;
  readonly prefixLength6?: number | null;
  readonly gateway6?: string | null;
  readonly mac: string;
  readonly mtu: number;
  readonly isDefault: boolean;
  readonly aliases: readonly string[];
  /** `CONTAINER:ALIAS`, looked up again at each start. */
  readonly links: readonly string[];
  readonly gwPriority: number;
  /** As asked for. */
  readonly ipamConfig: EndpointIpam | null;
  /** `veth`, or the kind of macvlan; `link` of shim.json. */
  readonly link?: string;
  /** Reaches the bridge alone, no neighbour. */
  readonly isolated?: boolean;
  readonly routed6?: boolean;
  /** Null where the network has no bridge; missing in an older record. */
  readonly rules?: EndpointRules | null;
  /** With their prefix lengths. */
  readonly linkLocal?: readonly string[];
  readonly driverOpts?: Readonly<Record<string, string>>;
}

/** What the packet filter has of a network, so that the container's shim can bring it back. */
export interface EndpointRules {
  /** `10.200.0.0/26`. */
  readonly subnet: string;
  readonly subnet6: string | null;
  readonly internal: boolean;
  readonly masquerade: boolean;
  readonly masquerade6: boolean;
}

/** Where a container's network namespace comes from. */
export type ContainerNetworkMode =
  | { readonly kind: 'bridge' | 'host' | 'none' }
  | { readonly kind: 'join'; readonly container: string };

/** `container.json`: how a container was asked for, resolved, and its image. Written once. */
export interface ContainerRecord {
  readonly version: 1;
  readonly id: string;
  readonly name: string;
  /** RFC 3339 with nanoseconds. */
  readonly created: string;
  /** `sha256:…` of the image's configuration. */
  readonly imageId: string;
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  readonly mounts: readonly MountPoint[];
  readonly networkMode: ContainerNetworkMode;
  readonly endpoints: readonly EndpointRecord[];
  readonly ports: readonly PublishedPort[];
}

/**
 * Reads one container's record.
 * @returns undefined where the container does not exist.
 * @throws {AppError} `STATE_RECORD_INVALID`
 */
export function readContainerRecord(roots: StateRoots, id: string): ContainerRecord | undefined {
  const { record: path } = containerPaths(roots, id);
  const record = readRecord(path);
  if (record === undefined) return undefined;
  if (!('version' in record) || record.version !== 1) {
    throw new AppError('STATE_RECORD_INVALID', `record ${path} has no version that is known here`);
  }
  return record as ContainerRecord;
}
