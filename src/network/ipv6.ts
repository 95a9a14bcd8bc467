import { isIPv6 } from 'node:net';

/** An IPv6 address as a number from 0 to 2¹²⁸−1. */
export type Ipv6 = bigint;

/** A subnet in canonical form: no bits of `base` below the prefix. */
export interface Subnet6 {
  readonly base: Ipv6;
  readonly prefix: number;
}

/** Reads `fd00::2`, in any of its spellings; undefined where the text is no address, or one of a zone (`fe80::1%eth0`). */
export function parseIpv6(text: string): Ipv6 | undefined {
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const [head = '', tail] = withoutDottedEnd(text).split('::');
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const between = tail === undefined ? 0 : 8 - left.length - right.length;
  const all = [...left, ...Array<number>(between).fill(0), ...right];
  return all.reduce((address, group) => (address << 16n) | BigInt(group), 0n);
}

/** The canonical form of RFC 5952. */
export function formatIpv6(address: Ipv6): string {
  const parts = Array.from({ length: 8 }, (_, i) =>
    ((address >> BigInt(112 - 16 * i)) & 0xffffn).toString(16),
  );
  // WHATWG's URL parser writes exactly that form.
  return new URL(`http://[${parts.join(':')}]`).hostname.slice(1, -1);
}

/** Reads `fd00::/64`. @returns undefined where it is none; a subnet whose base differs where host bits are set. */
export function parseCidr6(text: string): { address: Ipv6; subnet: Subnet6 } | undefined {
  const [host = '', bits = '', ...rest] = text.split('/');
  const address = parseIpv6(host);
  if (address === undefined || rest.length > 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > 128) {
    return undefined;
  }
  const prefix = Number(bits);
  return { address, subnet: { base: address - (address % size(prefix)), prefix } };
}

export function formatSubnet6({ base, prefix }: Subnet6): string {
  return `${formatIpv6(base)}/${prefix}`;
}

export function contains6({ base, prefix }: Subnet6, address: Ipv6): boolean {
  return address >= base && address < base + size(prefix);
}

export function overlaps6(a: Subnet6, b: Subnet6): boolean {
  return contains6(a, b.base) || contains6(b, a.base);
}

/**
 * A unique local subnet (RFC 4193) of 2⁶⁴ addresses whose 56 free bits are those of a random id.
 * @param id hexadecimal digits, 14 at least.
 */
export function uniqueLocalSubnet(id: string): Subnet6 {
  return { base: BigInt(`0xfd${id.slice(0, 14)}`) << 64n, prefix: 64 };
}

function size(prefix: number): bigint {
  return 1n << BigInt(128 - prefix);
}

function groups(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}

/** `::ffff:10.0.0.1` is `::ffff:a00:1`. */
function withoutDottedEnd(text: string): string {
  const match = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  if (match === null) return text;
  const [, head = '', ...bytes] = match;
  const [a = 0, b = 0, c = 0, d = 0] = bytes.map(Number);
  return `${head}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}
