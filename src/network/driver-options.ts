import { AppError } from '../core/index.ts';
import type { NetworkDriver } from './network-record.ts';

/** What a driver makes of a network's options. */
export interface DriverSettings {
  /** 0: the parent's. */
  readonly mtu: number;
  /** Interface on the host: the bridge's name, or a macvlan's parent; undefined: derived from the network's id. */
  readonly hostInterface: string | undefined;
  /** Containers do not reach each other, only what is published. */
  readonly isolated: boolean;
  readonly masquerade: boolean;
  readonly masquerade6: boolean;
  /** Published ports are open at the container's own IPv6 address to whoever has a route there. */
  readonly routed6: boolean;
  /** Interfaces inside are called `eth0`, `eth1`, … */
  readonly interfacePrefix: string;
  /** How the container hangs on the host's interface: `link` of shim.json. */
  readonly link: string;
}

type Setting = Partial<DriverSettings>;
type Reader = (value: string) => Setting | undefined;

const linkName = /^[a-zA-Z0-9_.-]{1,15}$/;
const bool: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries(['1', 't', 'T', 'true', 'TRUE', 'True'].map((text) => [text, true])),
  ...Object.fromEntries(['0', 'f', 'F', 'false', 'FALSE', 'False'].map((text) => [text, false])),
};

function flag(setting: (value: boolean) => Setting): Reader {
  return (value) => (bool[value] === undefined ? undefined : setting(bool[value]));
}

function oneOf(choices: Readonly<Record<string, Setting>>): Reader {
  return (value) => (Object.hasOwn(choices, value) ? choices[value] : undefined);
}

const mtu: Reader = (value) =>
  /^\d+$/.test(value) && Number(value) >= 68 && Number(value) <= 65535
    ? { mtu: Number(value) }
    : undefined;
const hostInterface: Reader = (value) =>
  linkName.test(value) && value !== '.' && value !== '..' ? { hostInterface: value } : undefined;
const interfacePrefix: Reader = (value) =>
  /^[a-zA-Z][a-zA-Z0-9_-]{0,10}$/.test(value) ? { interfacePrefix: value } : undefined;

/** Docker's options, per driver. A value that cannot be had is refused like an option that is not there. */
const readers: Readonly<Record<NetworkDriver, Readonly<Record<string, Reader>>>> = {
  bridge: {
    'com.docker.network.bridge.name': hostInterface,
    'com.docker.network.bridge.enable_icc': flag((on) => ({ isolated: !on })),
    'com.docker.network.bridge.enable_ip_masquerade': flag((on) => ({
      masquerade: on,
      masquerade6: on,
    })),
    'com.docker.network.bridge.gateway_mode_ipv4': oneOf({ nat: {} }),
    'com.docker.network.bridge.gateway_mode_ipv6': oneOf({
      nat: {},
      routed: { masquerade6: false, routed6: true },
    }),
    'com.docker.network.bridge.host_binding_ipv4': oneOf({ '0.0.0.0': {} }),
    'com.docker.network.container_iface_prefix': interfacePrefix,
    'com.docker.network.driver.mtu': mtu,
  },
  macvlan: {
    parent: hostInterface,
    macvlan_mode: oneOf({
      bridge: { link: 'macvlan-bridge' },
      vepa: { link: 'macvlan-vepa' },
      private: { link: 'macvlan-private' },
      passthru: { link: 'macvlan-passthru' },
    }),
    'com.docker.network.container_iface_prefix': interfacePrefix,
    'com.docker.network.driver.mtu': mtu,
  },
  ipvlan: {
    parent: hostInterface,
    ipvlan_mode: oneOf({ l2: { link: 'ipvlan-l2' }, l3: { link: 'ipvlan-l3' } }),
    'com.docker.network.container_iface_prefix': interfacePrefix,
    'com.docker.network.driver.mtu': mtu,
  },
};

const defaultLink = { bridge: 'veth', macvlan: 'macvlan-bridge', ipvlan: 'ipvlan-l2' } as const;

/**
 * Reads a network's driver options.
 * @param network its name, for messages.
 * @throws {AppError} `NETWORK_OPTION_UNSUPPORTED`
 */
export function driverSettings(
  network: string,
  driver: NetworkDriver,
  options: Readonly<Record<string, string>>,
): DriverSettings {
  let settings: DriverSettings = {
    mtu: driver === 'bridge' ? 1500 : 0,
    hostInterface: undefined,
    isolated: false,
    masquerade: true,
    masquerade6: true,
    routed6: false,
    interfacePrefix: 'eth',
    link: defaultLink[driver],
  };
  for (const [key, value] of Object.entries(options)) {
    const reader = Object.hasOwn(readers[driver], key) ? readers[driver][key] : undefined;
    if (reader === undefined) throw refused(network, driver, `option "${key}" is not supported`);
    const read = reader(value);
    if (read === undefined) {
      throw refused(network, driver, `option "${key}" cannot be "${value}"`);
    }
    settings = { ...settings, ...read };
  }
  if (driver !== 'bridge' && settings.hostInterface === undefined) {
    throw refused(network, driver, 'option "parent" must name an interface of this host');
  }
  return settings;
}

function refused(network: string, driver: NetworkDriver, what: string): AppError {
  return new AppError(
    'NETWORK_OPTION_UNSUPPORTED',
    `network "${network}": ${driver === 'bridge' ? 'driver' : driver} ${what}`,
  );
}
