import { join } from 'node:path';
import { AppError } from '../core/index.ts';
import type { StateRoots } from '../state/index.ts';
import type { EndpointRequest } from './endpoints.ts';
import type { Ipv4 } from './ipv4.ts';
import { contains6, formatIpv6, type Ipv6, parseIpv6, type Subnet6 } from './ipv6.ts';
import { type NetworkRecord, networkPaths } from './network-record.ts';
import { subnet6Of, subnetOf } from './networks.ts';
import { reserve } from './reservation.ts';

/** More than any network has containers: its IPv4 subnet is used up before. */
const attempts = 1 << 16;

/**
 * Reserves an IPv6 address: the one that is asked for, else the one at the place that the IPv4 address has in its subnet,
 * so that it stays the same for as long as that does.
 * @returns null on a network without IPv6.
 * @throws {AppError} `NETWORK_ADDRESS_INVALID`, `NETWORK_ADDRESS_TAKEN`, `NETWORK_ADDRESSES_EXHAUSTED`
 */
export function reserveIpv6(
  roots: StateRoots,
  network: NetworkRecord,
  request: EndpointRequest,
  ipv4: Ipv4,
): string | null {
  const subnet = subnet6Of(network);
  if (request.address6 !== undefined) return reserveStatic(roots, network, request, subnet);
  if (subnet === undefined) return null;
  const first = BigInt(ipv4 - subnetOf(network).base);
  const size = 1n << BigInt(128 - subnet.prefix);
  for (let step = 0n; step < attempts && step < size; step += 1n) {
    const text = formatIpv6(subnet.base + ((first + step) % size));
    if (isReserved(network, subnet, text)) continue;
    if (takeAddress(roots, network, request, text) === undefined) return text;
  }
  throw new AppError(
    'NETWORK_ADDRESSES_EXHAUSTED',
    `network "${network.name}": no IPv6 address of ${network.subnet6} is free`,
  );
}

/** Undefined where the address is ours now, else its holder. */
export function takeAddress(
  roots: StateRoots,
  network: NetworkRecord,
  request: EndpointRequest,
  address: string,
): string | undefined {
  const path = join(networkPaths(roots, network.id).addresses, address);
  return reserve(path, request.containerId, request.isGone);
}

function reserveStatic(
  roots: StateRoots,
  network: NetworkRecord,
  request: EndpointRequest,
  subnet: Subnet6 | undefined,
): string {
  const asked = request.address6 ?? '';
  const refuse = (why: string) =>
    new AppError('NETWORK_ADDRESS_INVALID', `network "${network.name}": address ${asked} ${why}`);
  const address: Ipv6 | undefined = parseIpv6(asked);
  if (address === undefined) throw refuse('is no IPv6 address');
  if (subnet === undefined) throw refuse('needs enable_ipv6, which the network does not have');
  if (!contains6(subnet, address)) throw refuse(`is not in ${network.subnet6}`);
  const text = formatIpv6(address);
  if (isReserved(network, subnet, text)) throw refuse('is reserved');
  const holder = takeAddress(roots, network, request, text);
  if (holder === undefined) return text;
  throw new AppError(
    'NETWORK_ADDRESS_TAKEN',
    `network "${network.name}": address ${text} is held by container ${holder.slice(0, 12)}`,
    { details: { network: network.name, address: text, container: holder } },
  );
}

function isReserved(network: NetworkRecord, subnet: Subnet6, text: string): boolean {
  return (
    text === formatIpv6(subnet.base) ||
    text === network.gateway6 ||
    Object.values(network.auxAddresses).includes(text)
  );
}
