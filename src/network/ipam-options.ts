import type Dockerode from 'dockerode';
import { AppError } from '../core/index.ts';
import {
  contains,
  formatIpv4,
  formatSubnet,
  type Ipv4,
  includes,
  lastAddress,
  parseCidr,
  parseIpv4,
  type Subnet,
} from './ipv4.ts';
import {
  contains6,
  formatIpv6,
  formatSubnet6,
  type Ipv6,
  parseCidr6,
  parseIpv6,
  type Subnet6,
} from './ipv6.ts';

/** Subnets as they are asked for; undefined: chosen here. */
export interface IpamRequest {
  readonly subnet: Subnet | undefined;
  readonly gateway: Ipv4 | undefined;
  readonly ipRange: Subnet | undefined;
  readonly subnet6: Subnet6 | undefined;
  readonly gateway6: Ipv6 | undefined;
  /** Of both families. */
  readonly auxAddresses: Readonly<Record<string, string>>;
}

type Pool = Dockerode.IPAM['Config'] extends (infer One)[] | undefined ? One : never;

const nothing: IpamRequest = {
  subnet: undefined,
  gateway: undefined,
  ipRange: undefined,
  subnet6: undefined,
  gateway6: undefined,
  auxAddresses: {},
};

/**
 * Reads `IPAM`: at most one subnet of each family.
 * @param name of the network, for messages.
 * @throws {AppError} `NETWORK_OPTION_UNSUPPORTED`, `NETWORK_SUBNET_INVALID`
 */
export function readIpam(
  name: string,
  ipam: Dockerode.IPAM | undefined,
  hasIpv6: boolean,
): IpamRequest {
  let request = nothing;
  for (const pool of ipam?.Config ?? []) {
    const isIpv6 = pool.Subnet?.includes(':') ?? false;
    if ((isIpv6 ? request.subnet6 : request.subnet) !== undefined) {
      const message = `network "${name}": more than one ${isIpv6 ? 'IPv6' : 'IPv4'} subnet is not supported`;
      throw new AppError('NETWORK_OPTION_UNSUPPORTED', message);
    }
    if (isIpv6 && !hasIpv6) {
      throw invalid(name, `subnet ${pool.Subnet} is of IPv6, which the network does not have`);
    }
    const read = isIpv6 ? readPool6(name, pool) : readPool4(name, pool);
    request = {
      ...request,
      ...read,
      auxAddresses: { ...request.auxAddresses, ...read.auxAddresses },
    };
  }
  return request;
}

function readPool4(name: string, pool: Pool): Partial<IpamRequest> {
  const { Subnet: cidr, Gateway, IPRange, AuxiliaryAddresses } = pool;
  if (!cidr) {
    if (Gateway || IPRange || Object.keys(AuxiliaryAddresses ?? {}).length > 0) {
      throw invalid(name, 'a gateway, a range or reserved addresses need a subnet');
    }
    return {};
  }
  const subnet = readSubnet(name, 'subnet', cidr);
  if (subnet.prefix > 29)
    throw invalid(name, `subnet ${cidr} is too small, at most /29 is allowed`);
  const ipRange = IPRange ? readSubnet(name, 'ip_range', IPRange) : undefined;
  if (ipRange !== undefined && !includes(subnet, ipRange)) {
    throw invalid(name, `ip_range ${IPRange} is not part of the subnet ${cidr}`);
  }
  const auxAddresses: Record<string, string> = {};
  for (const [host, address] of Object.entries(AuxiliaryAddresses ?? {})) {
    auxAddresses[host] = formatIpv4(readHost(name, subnet, `address of "${host}"`, address ?? ''));
  }
  const gateway = Gateway ? readHost(name, subnet, 'gateway', Gateway) : undefined;
  return { subnet, gateway, ipRange, auxAddresses };
}

function readPool6(name: string, pool: Pool): Partial<IpamRequest> {
  const { Subnet: cidr = '', Gateway, IPRange, AuxiliaryAddresses } = pool;
  const parsed = parseCidr6(cidr);
  if (parsed === undefined) throw invalid(name, `subnet ${cidr} is no IPv6 subnet (fd00:9::/64)`);
  const { subnet6, address } = { subnet6: parsed.subnet, address: parsed.address };
  if (address !== subnet6.base) {
    throw invalid(name, `invalid subnet ${cidr}: it should be ${formatSubnet6(subnet6)}`);
  }
  if (subnet6.prefix > 120) {
    throw invalid(name, `subnet ${cidr} is too small, at most /120 is allowed`);
  }
  if (IPRange) throw invalid(name, `ip_range ${IPRange}: a range of IPv6 is not supported`);
  const inside = (what: string, text: string) => {
    const host = parseIpv6(text);
    if (host === undefined) throw invalid(name, `${what} ${text} is no IPv6 address`);
    if (!contains6(subnet6, host) || host === subnet6.base) {
      throw invalid(name, `${what} ${text} is not in the subnet ${cidr}`);
    }
    return host;
  };
  const auxAddresses: Record<string, string> = {};
  for (const [host, text] of Object.entries(AuxiliaryAddresses ?? {})) {
    auxAddresses[host] = formatIpv6(inside(`address of "${host}"`, text ?? ''));
  }
  const gateway6 = Gateway ? inside('gateway', Gateway.split('/')[0] ?? '') : undefined;
  return { subnet6, gateway6, auxAddresses };
}

function readSubnet(name: string, what: string, text: string): Subnet {
  const parsed = parseCidr(text);
  if (parsed === undefined) throw invalid(name, `${what} ${text} is no IPv4 subnet (10.9.0.0/24)`);
  if (parsed.address !== parsed.subnet.base) {
    throw invalid(name, `invalid ${what} ${text}: it should be ${formatSubnet(parsed.subnet)}`);
  }
  return parsed.subnet;
}

function readHost(name: string, subnet: Subnet, what: string, text: string): Ipv4 {
  const address = parseIpv4(text);
  if (address === undefined) throw invalid(name, `${what} ${text} is no IPv4 address`);
  if (!contains(subnet, address)) {
    throw invalid(name, `${what} ${text} is not in the subnet ${formatSubnet(subnet)}`);
  }
  if (address === subnet.base || address === lastAddress(subnet)) {
    throw invalid(name, `${what} ${text} is the first or last address of ${formatSubnet(subnet)}`);
  }
  return address;
}

function invalid(name: string, what: string): AppError {
  return new AppError('NETWORK_SUBNET_INVALID', `network "${name}": ${what}`);
}
