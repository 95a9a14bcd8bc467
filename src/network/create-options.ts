import type Dockerode from 'dockerode';
import { AppError } from '../core/index.ts';
import { type DriverSettings, driverSettings } from './driver-options.ts';
import { type IpamRequest, readIpam } from './ipam-options.ts';
import { isNetworkName, type NetworkDriver } from './network-record.ts';

/** A network as it is asked for, checked. */
export interface NetworkRequest {
  readonly name: string;
  readonly driver: NetworkDriver;
  readonly settings: DriverSettings;
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly hasIpv6: boolean;
  readonly ipam: IpamRequest;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
}

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
  const driver = readDriver(name, options.Driver || 'bridge');
  const driverOptions = options.Options ?? {};
  return {
    name,
    driver,
    settings: driverSettings(name, driver, driverOptions),
    internal: options.Internal ?? false,
    attachable: options.Attachable ?? false,
    hasIpv6: options.EnableIPv6 ?? false,
    ipam: readIpam(name, options.IPAM, options.EnableIPv6 ?? false),
    labels: options.Labels ?? {},
    options: driverOptions,
  };
}

function readDriver(name: string, driver: string): NetworkDriver {
  if (driver === 'default') return 'bridge';
  if (driver === 'bridge' || driver === 'macvlan' || driver === 'ipvlan') return driver;
  throw new AppError(
    'NETWORK_OPTION_UNSUPPORTED',
    `network "${name}": driver "${driver}" is not supported`,
    {
      hint:
        driver === 'host' || driver === 'null' || driver === 'none'
          ? `Use network_mode: ${driver === 'host' ? 'host' : 'none'} in the service instead.`
          : 'The drivers are bridge, macvlan and ipvlan.',
    },
  );
}

function checkFixed(name: string, options: Dockerode.NetworkCreateOptions): void {
  const refuse = (what: string) => {
    throw new AppError('NETWORK_OPTION_UNSUPPORTED', `network "${name}": ${what} is not supported`);
  };
  if (options.Scope && options.Scope !== 'local') refuse(`scope "${options.Scope}"`);
  if (options.EnableIPv4 === false) refuse('a network without IPv4');
  if (options.Ingress) refuse('Ingress');
  if (options.ConfigOnly) refuse('ConfigOnly');
  if (options.ConfigFrom?.Network) refuse('ConfigFrom');
  const driver = options.IPAM?.Driver;
  if (driver && driver !== 'default') refuse(`IPAM driver "${driver}"`);
  const [ipamOption] = Object.keys(options.IPAM?.Options ?? {});
  if (ipamOption !== undefined) refuse(`IPAM option "${ipamOption}"`);
}
