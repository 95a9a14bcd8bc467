import { AppError } from '../core/index.ts';
import {
  formatSubnet,
  lastAddress,
  overlaps,
  parseCidr,
  type Subnet,
  subnetAround,
  subnetSize,
} from './ipv4.ts';

/** Where subnets of networks come from that do not name their own. */
export interface AddressPool {
  readonly range: Subnet;
  /** Prefix length of each network's piece. */
  readonly size: number;
}

/** Addresses that are not free, and whose they are: `network "shop_front"`, `route of interface tun0`. */
export interface TakenSubnet {
  readonly subnet: Subnet;
  readonly owner: string;
}

/**
 * A range that VPNs and home routers rarely use, in pieces for 61 containers each: 8192 networks, where Docker's /16 pieces
 * are used up after about thirty.
 */
const defaultPools = '10.200.0.0/13:26';

/**
 * Reads `CORACLE_ADDRESS_POOLS`: `10.200.0.0/13:26,172.31.0.0/16`; pieces are /26 where no size is given.
 * @param text undefined or empty: the default.
 * @throws {AppError} `NETWORK_POOL_INVALID`
 */
export function parseAddressPools(text: string | undefined): AddressPool[] {
  return (text || defaultPools).split(',').map((part) => {
    const [cidr = '', size = '26', ...rest] = part.trim().split(':');
    const parsed = parseCidr(cidr);
    const invalid = (why: string) =>
      new AppError('NETWORK_POOL_INVALID', `address pool "${part.trim()}": ${why}`);
    if (parsed === undefined || rest.length > 0) throw invalid('not CIDR or CIDR:PREFIX');
    if (parsed.address !== parsed.subnet.base) {
      throw invalid(`host bits are set, it should be ${formatSubnet(parsed.subnet)}`);
    }
    if (!/^\d{1,2}$/.test(size) || Number(size) < parsed.subnet.prefix || Number(size) > 29) {
      throw invalid(`pieces must be of a size from /${parsed.subnet.prefix} to /29`);
    }
    return { range: parsed.subnet, size: Number(size) };
  });
}

/**
 * The first free subnet in pool order.
 * @returns a piece of one of the pools that overlaps nothing in `taken`.
 * @throws {AppError} `NETWORK_POOL_EXHAUSTED`; it names what takes up most of the pools.
 */
export function chooseSubnet(pools: readonly AddressPool[], taken: readonly TakenSubnet[]): Subnet {
  for (const { range, size } of pools) {
    const last = lastAddress(range);
    let candidate = subnetAround(range.base, size);
    while (candidate.base <= last) {
      const blocker = taken.find(({ subnet }) => overlaps(subnet, candidate));
      if (blocker === undefined) return candidate;
      // Behind the blocker, or behind the candidate where that is the larger of the two.
      const next = Math.max(lastAddress(blocker.subnet), lastAddress(candidate)) + 1;
      candidate = { base: next - (next % subnetSize(candidate)), prefix: size };
      if (candidate.base < next)
        candidate = { base: candidate.base + subnetSize(candidate), prefix: size };
    }
  }
  throw exhausted(pools, taken);
}

function exhausted(pools: readonly AddressPool[], taken: readonly TakenSubnet[]): AppError {
  const blockers = taken
    .filter(({ subnet }) => pools.some(({ range }) => overlaps(range, subnet)))
    .sort((a, b) => a.subnet.prefix - b.subnet.prefix);
  const named = blockers
    .slice(0, 3)
    .map(({ subnet, owner }) => `${owner} (${formatSubnet(subnet)})`)
    .join(', ');
  const more = blockers.length > 3 ? ` and ${blockers.length - 3} more` : '';
  const ranges = pools.map(({ range }) => formatSubnet(range)).join(', ');
  return new AppError(
    'NETWORK_POOL_EXHAUSTED',
    `no free subnet is left in ${ranges}; in use by ${named}${more}`,
    { details: { pools: ranges, blockers: blockers.length } },
  );
}

/**
 * Checks a subnet that a user chose.
 * @param network its name, for the message.
 * @throws {AppError} `NETWORK_SUBNET_OVERLAP`; it names the other network, or the route and its interface.
 */
export function checkOverlap(network: string, subnet: Subnet, taken: readonly TakenSubnet[]): void {
  const other = taken.find((entry) => overlaps(entry.subnet, subnet));
  if (other === undefined) return;
  const theirs = formatSubnet(other.subnet);
  throw new AppError(
    'NETWORK_SUBNET_OVERLAP',
    `network "${network}": subnet ${formatSubnet(subnet)} overlaps ${other.owner} (${theirs})`,
    { details: { network, subnet: formatSubnet(subnet), other: other.owner, otherSubnet: theirs } },
  );
}
