import type { NetworkInterfaceInfo } from 'node:os';
import type { TakenSubnet } from './address-pools.ts';
import { formatSubnet, parseCidr } from './ipv4.ts';

/**
 * What the host's own routes and interfaces take up. The default route takes nothing, as everything would be it.
 * @param routes content of `/proc/net/route`.
 * @param interfaces what `os.networkInterfaces()` answers.
 * @param ownBridges bridges of our networks, whose records say more about them.
 */
export function hostSubnets(
  routes: string,
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>,
  ownBridges: ReadonlySet<string>,
): TakenSubnet[] {
  const taken = new Map<string, TakenSubnet>();
  for (const line of routes.split('\n').slice(1)) {
    const [device, destination, , , , , , mask] = line.trim().split(/\s+/);
    if (device === undefined || destination === undefined || mask === undefined) continue;
    const prefix = maskPrefix(mask);
    if (prefix === 0 || ownBridges.has(device)) continue;
    const subnet = { base: littleEndian(destination), prefix };
    taken.set(formatSubnet(subnet), { subnet, owner: `a route of interface ${device}` });
  }
  for (const [device, addresses] of Object.entries(interfaces)) {
    for (const { family, cidr } of ownBridges.has(device) ? [] : (addresses ?? [])) {
      const subnet = family === 'IPv4' && cidr !== null ? parseCidr(cidr)?.subnet : undefined;
      if (subnet === undefined || subnet.prefix === 0 || taken.has(formatSubnet(subnet))) continue;
      taken.set(formatSubnet(subnet), { subnet, owner: `the address of interface ${device}` });
    }
  }
  return [...taken.values()];
}

/** `/proc/net/route` prints addresses in hexadecimal as they lie in memory: `0002000A` is 10.0.2.0. */
function littleEndian(hex: string): number {
  const bytes = hex.match(/../g) ?? [];
  return bytes.reduceRight((address, byte) => address * 256 + Number.parseInt(byte, 16), 0);
}

function maskPrefix(hex: string): number {
  return Number.parseInt(hex, 16).toString(2).replaceAll('0', '').length;
}
