/** An IPv4 address as a number from 0 to 2³²−1: comparable, countable, exact in a double. */
export type Ipv4 = number;

/** A subnet in canonical form: no bits of `base` below the prefix. */
export interface Subnet {
  readonly base: Ipv4;
  readonly prefix: number;
}

/** `10.200.0.2`; undefined where the text is no address. A leading zero makes it none, as it might mean octal. */
export function parseIpv4(text: string): Ipv4 | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let address = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    address = address * 256 + Number(part);
  }
  return address;
}

export function formatIpv4(address: Ipv4): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** Number of addresses, first and last included. */
export function subnetSize(subnet: Subnet): number {
  return 2 ** (32 - subnet.prefix);
}

/** The subnet of this size that contains an address. */
export function subnetAround(address: Ipv4, prefix: number): Subnet {
  const size = 2 ** (32 - prefix);
  return { base: address - (address % size), prefix };
}

/**
 * Reads `10.200.0.0/26`.
 * @returns undefined where it is no CIDR; a subnet whose base differs from the address where host bits are set.
 */
export function parseCidr(text: string): { address: Ipv4; subnet: Subnet } | undefined {
  const [host = '', bits = '', ...rest] = text.split('/');
  const address = parseIpv4(host);
  if (address === undefined || rest.length > 0 || !/^(\d|[12]\d|3[0-2])$/.test(bits)) {
    return undefined;
  }
  return { address, subnet: subnetAround(address, Number(bits)) };
}

export function formatSubnet({ base, prefix }: Subnet): string {
  return `${formatIpv4(base)}/${prefix}`;
}

export function lastAddress(subnet: Subnet): Ipv4 {
  return subnet.base + subnetSize(subnet) - 1;
}

export function contains(subnet: Subnet, address: Ipv4): boolean {
  return address >= subnet.base && address <= lastAddress(subnet);
}

export function overlaps(a: Subnet, b: Subnet): boolean {
  return a.base <= lastAddress(b) && b.base <= lastAddress(a);
}

/** True where every address of `inner` is one of `outer`. */
export function includes(outer: Subnet, inner: Subnet): boolean {
  return outer.prefix <= inner.prefix && contains(outer, inner.base);
}

/** `02:42` and the address: the same address always comes with the same MAC, so no neighbour's ARP cache is ever wrong. */
export function macAddress(address: Ipv4): string {
  const hex = address.toString(16).padStart(8, '0');
  return `02:42:${hex.match(/../g)?.join(':')}`;
}
