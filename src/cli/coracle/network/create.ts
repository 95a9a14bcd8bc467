import { AppError } from '../../../core/index.ts';
import type { NetworkCreateOptions } from '../../../engine/index.ts';
import { defineCommand } from '../../command.ts';
import { keyValues } from '../key-values.ts';
import { poolConfigs } from './ipam-pools.ts';

interface Flags {
  readonly attachable?: boolean;
  readonly auxAddress?: readonly string[];
  readonly driver: string;
  readonly gateway?: readonly string[];
  readonly internal?: boolean;
  readonly ipRange?: readonly string[];
  readonly ipamDriver: string;
  readonly ipamOpt?: readonly string[];
  readonly ipv4?: string | boolean;
  readonly ipv6?: boolean;
  readonly label?: readonly string[];
  readonly opt?: readonly string[];
  readonly scope?: string;
  readonly subnet?: readonly string[];
}

/** `coracle network create NETWORK`. */
export const networkCreate = defineCommand<Flags>({
  name: 'create',
  positional: 'NETWORK',
  summary: 'Create a network',
  flags: [
    { flags: '--attachable', description: 'Enable manual container attachment' },
    {
      flags: '--aux-address <name=address>',
      description: 'Auxiliary IPv4 or IPv6 addresses that no container gets',
      kind: 'list',
    },
    {
      flags: '-d, --driver <driver>',
      description: 'Driver to manage the Network',
      default: 'bridge',
    },
    {
      flags: '--gateway <address>',
      description: 'IPv4 or IPv6 Gateway for the subnet',
      kind: 'list',
    },
    { flags: '--internal', description: 'Restrict external access to the network' },
    {
      flags: '--ip-range <subnet>',
      description: 'Allocate container ip from a sub-range',
      kind: 'list',
    },
    {
      flags: '--ipam-driver <driver>',
      description: 'IP Address Management Driver',
      default: 'default',
    },
    {
      flags: '--ipam-opt <key=value>',
      description: 'Set IPAM driver specific options',
      kind: 'list',
    },
    { flags: '--ipv4 [bool]', description: 'Enable or disable IPv4 address assignment' },
    { flags: '--ipv6', description: 'Enable IPv6 address assignment' },
    { flags: '--label <key=value>', description: 'Set metadata on a network', kind: 'list' },
    { flags: '-o, --opt <key=value>', description: 'Set driver specific options', kind: 'list' },
    { flags: '--scope <scope>', description: "Control the network's scope" },
    {
      flags: '--subnet <subnet>',
      description: 'Subnet in CIDR format that represents a network segment',
      kind: 'list',
    },
  ],
  examples: ['coracle network create --subnet 10.9.0.0/24 --ipv6 backend'],
  async run(context, args, flags) {
    const [name, ...more] = args;
    if (name === undefined || more.length > 0) {
      throw new AppError('CLI_USAGE', "'coracle network create' requires 1 argument", {
        hint: "See 'coracle network create --help'.",
      });
    }
    const engine = await context.engine();
    const { id } = await engine.createNetwork(createOptions(name, flags));
    context.out(`${id}\n`);
    return 0;
  },
});

function createOptions(name: string, flags: Flags): NetworkCreateOptions {
  const pools = poolConfigs({
    subnets: flags.subnet ?? [],
    gateways: flags.gateway ?? [],
    ranges: flags.ipRange ?? [],
    aux: keyValues(flags.auxAddress ?? []),
  });
  return {
    Name: name,
    Driver: flags.driver,
    Attachable: flags.attachable ?? false,
    Internal: flags.internal ?? false,
    EnableIPv4: flags.ipv4 !== 'false',
    EnableIPv6: flags.ipv6 ?? false,
    ...(flags.scope === undefined ? {} : { Scope: flags.scope as 'local' }),
    IPAM: { Driver: flags.ipamDriver, Options: keyValues(flags.ipamOpt ?? []), Config: pools },
    Options: keyValues(flags.opt ?? []),
    Labels: keyValues(flags.label ?? []),
  };
}
