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
import { isNetworkName } from './network-record.ts';

/** A network as it is asked for, checked; `subnet` undefined: one out of the pools. */
export interface NetworkRequest {
  readonly name: string;
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly mtu: number;
  /** Undefined: derived from the network's id. */
  readonly bridge: string | undefined;
  readonly subnet: Subnet | undefined;
  readonly gateway: Ipv4 | undefined;
  readonly ipRange: Subnet | undefined;
  readonly auxAddresses: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
}

/** Driver options that change nothing here where they have the value that is named; other values are refused. */
const fixedOptions: Readonly<Record<string, string>> = {
  'com.docker.network.bridge.enable_icc': 'true',
  'com.docker.network.bridge.enable_ip_masquerade': 'true',
};
const mtuOption = 'com.docker.network.driver.mtu';
const bridgeOption = 'com.docker.network.bridge.name';

/**
 * Reads dockerode's options. Every one that cannot be honoured is refused by its name.
 * @throws {AppError} `NETWORK_NAME_INVALID`, `NETWORK_OPTION_UNSUPPORTED`, `NETWORK_SUBNET_INVALID`
 */
export function readCreateOptions(options: Dockerode.NetworkCreateOptions): NetworkRequest {
  const name = options.Name;
  if (typeof name !== 'string' || !isNetworkName(name)) {
    throw new AppError('NETWORK_NAME_INVALID', `network name "${name}" is not allowed`);
  }
  if (['host', 'none', 'default'].includes(name)) {
    const message = `network name "${name}" is that of a network mode`;
    throw new AppError('NETWORK_NAME_INVALID', message);
  }
  checkFixed(name, options);
  const driverOptions = options.Options ?? {};
  return {
    name,
    internal: options.Internal ?? false,
    attachable: options.Attachable ?? false,
    ...readDriverOptions(name, driverOptions),
    ...readIpam(name, options.IPAM),
    labels: options.Labels ?? {},
    options: driverOptions,
  };
}

function checkFixed(name: string, options: Dockerode.NetworkCreateOptions): void {
  const refuse = (what: string) => {
    throw new AppError('NETWORK_OPTION_UNSUPPORTED', `network "${name}": ${what} is not supported`);
  };
  if (options.Driver && options.Driver !== 'bridge') refuse(`driver "${options.Driver}"`);
  if (options.Scope && options.Scope !== 'local') refuse(`scope "${options.Scope}"`);
  if (options.EnableIPv4 === false) refuse('a network without IPv4');
  if (options.EnableIPv6) refuse('IPv6 inside of networks');
  if (options.Ingress) refuse('Ingress');
  if (options.ConfigOnly) refuse('ConfigOnly');
  if (options.ConfigFrom?.Network) refuse('ConfigFrom');
  const driver = options.IPAM?.Driver;
  if (driver && driver !== 'default') refuse(`IPAM driver "${driver}"`);
  const [ipamOption] = Object.keys(options.IPAM?.Options ?? {});
  if (ipamOption !== undefined) refuse(`IPAM option "${ipamOption}"`);
}

function readDriverOptions(
  name: string,
  options: Readonly<Record<string, string>>,
): { mtu: number; bridge: string | undefined } {
  const refuse = (key: string, why: string) =>
    new AppError('NETWORK_OPTION_UNSUPPORTED', `network "${name}": driver option "${key}" ${why}`);
  let mtu = 1500;
  let bridge: string | undefined;
  for (const [key, value] of Object.entries(options)) {
    if (key === mtuOption) {
      mtu = Number(value);
      if (!/^\d+$/.test(value) || mtu < 68 || mtu > 65535)
        throw refuse(key, `cannot be "${value}"`);
    } else if (key === bridgeOption) {
      if (!/^[a-zA-Z0-9_.-]{1,15}$/.test(value)) throw refuse(key, `cannot be "${value}"`);
      bridge = value;
    } else if (!Object.hasOwn(fixedOptions, key)) {
      throw refuse(key, 'is not supported');
    } else if (value !== fixedOptions[key]) {
      throw refuse(key, `can only be "${fixedOptions[key]}"`);
    }
  }
  return { mtu, bridge };
}

type IpamPart = Pick<NetworkRequest, 'subnet' | 'gateway' | 'ipRange' | 'auxAddresses'>;

function readIpam(name: string, ipam: Dockerode.IPAM | undefined): IpamPart {
  const [config, ...more] = ipam?.Config ?? [];
  const none = { subnet: undefined, gateway: undefined, ipRange: undefined, auxAddresses: {} };
  if (config === undefined) return none;
  if (more.length > 0) {
    const message = `network "${name}": more than one subnet is not supported`;
    throw new AppError('NETWORK_OPTION_UNSUPPORTED', message);
  }
  const { Subnet: cidr, Gateway, IPRange, AuxiliaryAddresses } = config;
  if (!cidr) {
    if (Gateway || IPRange || Object.keys(AuxiliaryAddresses ?? {}).length > 0) {
      throw invalid(name, 'a gateway, a range or reserved addresses need a subnet');
    }
    return none;
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
