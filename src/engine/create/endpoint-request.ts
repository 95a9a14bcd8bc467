import { isIP } from 'node:net';
import { AppError } from '../../core/index.ts';

/** One network to attach to, as asked for. */
export interface EndpointRequest {
  readonly network: string;
  readonly aliases: readonly string[];
  readonly links: readonly string[];
  readonly address?: string;
  readonly address6?: string;
  /** Further addresses of the interface, with prefix lengths. */
  readonly linkLocal: readonly string[];
  readonly mac?: string;
  readonly gwPriority: number;
  /** As asked for; what they mean is {@link endpointOptions}. */
  readonly driverOpts: Readonly<Record<string, string>>;
}

/** Keys of one `EndpointsConfig` entry that ask for something; Docker's API, "EndpointSettings". */
const endpointKeys = ['IPAMConfig', 'Aliases', 'Links', 'MacAddress', 'GwPriority', 'DriverOpts'];
/** Keys that the API fills in itself; clients that copy an inspection send them back. */
const observedKeys = [
  'NetworkID',
  'EndpointID',
  'Gateway',
  'IPAddress',
  'IPPrefixLen',
  'IPv6Gateway',
  'GlobalIPv6Address',
  'GlobalIPv6PrefixLen',
  'DNSNames',
];
const ipamKeys = ['IPv4Address', 'IPv6Address', 'LinkLocalIPs'];

/**
 * Reads Docker's `EndpointSettings` of one network.
 * @throws {AppError} `ENGINE_CREATE_OPTION_INVALID`, `ENGINE_CREATE_OPTION_UNSUPPORTED`
 */
export function endpointRequest(network: string, value: object): EndpointRequest {
  const settings = value as Record<string, unknown>;
  const place = `NetworkingConfig.EndpointsConfig["${network}"]`;
  const ipam = (settings.IPAMConfig ?? {}) as Record<string, unknown>;
  refuseOthers(place, settings, [...endpointKeys, ...observedKeys]);
  refuseOthers(`${place}.IPAMConfig`, ipam, ipamKeys);
  const mac = settings.MacAddress as string | undefined;
  if (mac && !/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(mac)) {
    throw invalid(`${place}.MacAddress: "${mac}" is no MAC address`);
  }
  const driverOpts = (settings.DriverOpts ?? {}) as Record<string, string>;
  endpointOptions(driverOpts, 'eth0', place);
  return {
    network,
    aliases: (settings.Aliases ?? []) as string[],
    links: (settings.Links ?? []) as string[],
    ...(ipam.IPv4Address ? { address: String(ipam.IPv4Address) } : {}),
    ...(ipam.IPv6Address ? { address6: String(ipam.IPv6Address) } : {}),
    linkLocal: ((ipam.LinkLocalIPs ?? []) as string[]).map((text) => linkLocal(place, text)),
    ...(mac ? { mac: mac.toLowerCase() } : {}),
    gwPriority: Number(settings.GwPriority ?? 0),
    driverOpts,
  };
}

function refuseOthers(
  place: string,
  value: Readonly<Record<string, unknown>>,
  known: readonly string[],
): void {
  for (const [key, given] of Object.entries(value)) {
    if (!given || known.includes(key)) continue;
    if (typeof given === 'object' && Object.keys(given).length === 0) continue;
    throw new AppError('ENGINE_CREATE_OPTION_UNSUPPORTED', `${place}.${key} is not supported`);
  }
}

/** Docker's prefix lengths: the whole of 169.254.0.0/16, and fe80::/64. */
function linkLocal(place: string, text: string): string {
  if (isIP(text) === 4 && text.startsWith('169.254.')) return `${text}/16`;
  if (isIP(text) === 6 && /^fe[89ab]/i.test(text) && !text.includes('%')) return `${text}/64`;
  throw invalid(`${place}.IPAMConfig.LinkLocalIPs: "${text}" is no link-local address`);
}

/** What the driver options of an attachment come to. */
export interface EndpointOptions {
  readonly interfaceName: string | undefined;
  /** Paths below `/proc/sys` and their values, in turn. */
  readonly sysctls: readonly string[];
}

const nameOption = 'com.docker.network.endpoint.ifname';
const sysctlOption = 'com.docker.network.endpoint.sysctls';

/**
 * Reads `driver_opts` of an attachment.
 * @param interfaceName what IFNAME in a sysctl stands for, where none is asked for.
 * @param place for messages.
 * @throws {AppError} `ENGINE_CREATE_OPTION_INVALID`, `ENGINE_CREATE_OPTION_UNSUPPORTED`
 */
export function endpointOptions(
  options: Readonly<Record<string, string>>,
  interfaceName: string,
  place: string,
): EndpointOptions {
  for (const key of Object.keys(options)) {
    if (key === nameOption || key === sysctlOption) continue;
    throw new AppError(
      'ENGINE_CREATE_OPTION_UNSUPPORTED',
      `${place}.DriverOpts: "${key}" is not supported`,
    );
  }
  const asked = options[nameOption];
  if (asked !== undefined && (!/^[^\s/:]{1,15}$/.test(asked) || /^\.{1,2}$|^lo$/.test(asked))) {
    throw invalid(`${place}: "${asked}" cannot be the name of an interface`);
  }
  const name = asked ?? interfaceName;
  const sysctls = (options[sysctlOption] ?? '').split(',').flatMap((entry) => {
    if (entry === '') return [];
    const [, key = '', value = ''] = /^([^=]+)=(.*)$/.exec(entry) ?? [];
    if (!/^net\.[a-z0-9]+\.[a-z0-9]+\.IFNAME\.[a-z0-9_]+$/.test(key)) {
      throw invalid(`${place}: sysctl "${entry}" is not net.X.Y.IFNAME.Z=VALUE`);
    }
    const parts = key.split('.').map((part) => (part === 'IFNAME' ? name : part));
    return [parts.join('/'), value];
  });
  return { interfaceName: asked, sysctls };
}

function invalid(message: string): AppError {
  return new AppError('ENGINE_CREATE_OPTION_INVALID', message);
}
