import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../core/index.ts';
import { isErrno, type StateRoots } from '../state/index.ts';
import { reserveIpv6, takeAddress } from './endpoint-ipv6.ts';
import {
  contains,
  formatIpv4,
  type Ipv4,
  lastAddress,
  macAddress,
  parseCidr,
  parseIpv4,
} from './ipv4.ts';
import { type NetworkRecord, names, networkPaths } from './network-record.ts';
import { subnet6Of, subnetOf } from './networks.ts';
import { holderOf, release, remember } from './reservation.ts';

/** What a container asks of a network. */
export interface EndpointRequest {
  readonly containerId: string;
  /**
   * Who the next container in this place is: `shop-web-1`. It gets the same address again after a recreate, as long as nobody
   * else needed it. Left out for containers that never come back (`run`).
   */
  readonly rememberAs?: string;
  /** `ipv4_address`. */
  readonly address?: string;
  /** `ipv6_address`. */
  readonly address6?: string;
  /** `mac_address`; otherwise derived from the address. */
  readonly macAddress?: string;
  /** Whether the holder of an address no longer exists, so that its reservation may be taken over. */
  readonly isGone: (containerId: string) => boolean;
}

/** An address on a network, held until {@link releaseEndpoint}. */
export interface ReservedEndpoint {
  readonly networkId: string;
  readonly networkName: string;
  readonly bridge: string;
  /** Without prefix length. */
  readonly address: string;
  readonly prefixLength: number;
  /** Null on an internal network. */
  readonly gateway: string | null;
  /** All three null where the network has no IPv6. */
  readonly address6: string | null;
  readonly prefixLength6: number | null;
  readonly gateway6: string | null;
  readonly mac: string;
  readonly mtu: number;
}

/**
 * Reserves an address for a container, for its whole life: stopping and starting does not change it.
 * @throws {AppError} `NETWORK_ADDRESS_INVALID`, `NETWORK_ADDRESS_TAKEN`, `NETWORK_ADDRESSES_EXHAUSTED`
 */
export function reserveEndpoint(
  roots: StateRoots,
  network: NetworkRecord,
  request: EndpointRequest,
): ReservedEndpoint {
  const address =
    request.address === undefined
      ? reserveAny(roots, network, request)
      : reserveStatic(roots, network, request, request.address);
  const text = formatIpv4(address);
  let address6: string | null;
  try {
    address6 = reserveIpv6(roots, network, request, address);
  } catch (error) {
    releaseEndpoint(roots, { networkId: network.id, address: text }, request.containerId);
    throw error;
  }
  if (request.rememberAs !== undefined) {
    remember(join(networkPaths(roots, network.id).remembered, request.rememberAs), text);
  }
  return {
    networkId: network.id,
    networkName: network.name,
    bridge: network.bridge,
    address: text,
    prefixLength: subnetOf(network).prefix,
    gateway: network.internal ? null : network.gateway,
    address6,
    prefixLength6: subnet6Of(network)?.prefix ?? null,
    gateway6: network.internal ? null : network.gateway6,
    mac: request.macAddress?.toLowerCase() ?? macAddress(address),
    mtu: network.mtu,
  };
}

/** Gives a container's addresses on a network back, if it still holds them. */
export function releaseEndpoint(
  roots: StateRoots,
  endpoint: {
    readonly networkId: string;
    readonly address: string;
    readonly address6?: string | null;
  },
  containerId: string,
): void {
  const { addresses } = networkPaths(roots, endpoint.networkId);
  for (const address of [endpoint.address, endpoint.address6]) {
    if (address) release(join(addresses, address), containerId);
  }
}

/** Every address that is held on a network, with its container. */
export function heldAddresses(
  roots: StateRoots,
  networkId: string,
): { address: string; containerId: string }[] {
  const folder = networkPaths(roots, networkId).addresses;
  return names(folder).flatMap((address) => {
    const containerId = holderOf(join(folder, address));
    return containerId === undefined ? [] : [{ address, containerId }];
  });
}

/** Forgets the address that a replica had, for `down`: the next `up` counts from the start. */
export function forgetAddress(roots: StateRoots, networkId: string, rememberedAs: string): void {
  try {
    unlinkSync(join(networkPaths(roots, networkId).remembered, rememberedAs));
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

/**
 * Name of the host's end of a veth pair: unique per container and endpoint, at most 15 bytes.
 * @param index of the endpoint in the container, 0 to 9999.
 */
export function hostLinkName(containerId: string, index: number): string {
  return `cv${containerId.slice(0, 8)}${index}`;
}

function isReserved(network: NetworkRecord, address: Ipv4): string | undefined {
  const subnet = subnetOf(network);
  const text = formatIpv4(address);
  if (address === subnet.base) return 'the address of the network itself';
  if (address === lastAddress(subnet)) return 'the broadcast address';
  if (text === network.gateway) return 'the gateway';
  for (const [name, reserved] of Object.entries(network.auxAddresses)) {
    if (text === reserved) return `reserved for "${name}"`;
  }
  return undefined;
}

function reserveStatic(
  roots: StateRoots,
  network: NetworkRecord,
  request: EndpointRequest,
  text: string,
): Ipv4 {
  const address = parseIpv4(text);
  const refuse = (why: string) =>
    new AppError('NETWORK_ADDRESS_INVALID', `network "${network.name}": address ${text} ${why}`);
  if (address === undefined) throw refuse('is no IPv4 address');
  if (!contains(subnetOf(network), address)) throw refuse(`is not in ${network.subnet}`);
  const reserved = isReserved(network, address);
  if (reserved !== undefined) throw refuse(`is ${reserved}`);
  const holder = take(roots, network, request, address);
  if (holder === undefined) return address;
  throw new AppError(
    'NETWORK_ADDRESS_TAKEN',
    `network "${network.name}": address ${text} is held by container ${holder.slice(0, 12)}`,
    { details: { network: network.name, address: text, container: holder } },
  );
}

function reserveAny(roots: StateRoots, network: NetworkRecord, request: EndpointRequest): Ipv4 {
  const paths = networkPaths(roots, network.id);
  const range = (network.ipRange && parseCidr(network.ipRange)?.subnet) || subnetOf(network);
  const isUsable = (address: Ipv4) => isReserved(network, address) === undefined;
  const own =
    request.rememberAs === undefined
      ? undefined
      : parseIpv4(holderOf(join(paths.remembered, request.rememberAs)) ?? '');
  if (
    own !== undefined &&
    contains(range, own) &&
    isUsable(own) &&
    take(roots, network, request, own) === undefined
  ) {
    return own;
  }
  const held = new Set(names(paths.addresses));
  const remembered = new Set(
    names(paths.remembered).map((name) => holderOf(join(paths.remembered, name))),
  );
  // Addresses that other replicas had are taken only when there are no others; those that somebody holds, who may be gone,
  // last: in fifty creations at once, asking each time whether fifty holders exist would cost more than all else.
  const choices: ((text: string) => boolean)[] = [
    (text) => !held.has(text) && !remembered.has(text),
    (text) => !held.has(text),
    (text) => held.has(text),
  ];
  for (const isChoice of choices) {
    for (let address = range.base; address <= lastAddress(range); address += 1) {
      if (!isChoice(formatIpv4(address)) || !isUsable(address)) continue;
      if (take(roots, network, request, address) === undefined) return address;
    }
  }
  throw new AppError(
    'NETWORK_ADDRESSES_EXHAUSTED',
    `network "${network.name}": all addresses of ${network.ipRange ?? network.subnet} are held by containers`,
  );
}

/** Undefined where the address is ours now, else its holder. */
function take(
  roots: StateRoots,
  network: NetworkRecord,
  request: EndpointRequest,
  address: Ipv4,
): string | undefined {
  return takeAddress(roots, network, request, formatIpv4(address));
}
