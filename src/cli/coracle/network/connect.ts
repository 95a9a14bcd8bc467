import { AppError } from '../../../core/index.ts';
import { defineCommand } from '../../command.ts';
import { keyValues } from '../key-values.ts';

interface Flags {
  readonly alias?: readonly string[];
  readonly driverOpt?: readonly string[];
  readonly gwPriority?: number;
  readonly ip?: string;
  readonly ip6?: string;
  readonly link?: readonly string[];
  readonly linkLocalIp?: readonly string[];
}

export const networkConnect = defineCommand<Flags>({
  name: 'connect',
  positional: 'NETWORK CONTAINER',
  summary: 'Connect a container to a network',
  flags: [
    {
      flags: '--alias <name>',
      description: 'Add network-scoped alias for the container',
      kind: 'list',
    },
    {
      flags: '--driver-opt <key=value>',
      description: 'Driver options for the network',
      kind: 'list',
    },
    {
      flags: '--gw-priority <number>',
      description: 'Highest gw-priority provides the default gateway',
      kind: 'integer',
    },
    { flags: '--ip <address>', description: 'IPv4 address (e.g., "172.30.100.104")' },
    { flags: '--ip6 <address>', description: 'IPv6 address (e.g., "2001:db8::33")' },
    { flags: '--link <container>', description: 'Add link to another container', kind: 'list' },
    {
      flags: '--link-local-ip <address>',
      description: 'Add a link-local address for the container',
      kind: 'list',
    },
  ],
  examples: ['coracle network connect --alias api shop_default web'],
  async run(context, [network, container, ...more], flags) {
    if (network === undefined || container === undefined || more.length > 0) {
      throw new AppError('CLI_USAGE', 'connect needs a network and a container');
    }
    const engine = await context.engine();
    await engine.connectNetwork(network, container, endpointSettings(flags));
    return 0;
  },
});

function endpointSettings(flags: Flags): object {
  return {
    Aliases: flags.alias ?? [],
    DriverOpts: keyValues(flags.driverOpt ?? []),
    GwPriority: flags.gwPriority ?? 0,
    Links: flags.link ?? [],
    IPAMConfig: {
      ...(flags.ip === undefined ? {} : { IPv4Address: flags.ip }),
      ...(flags.ip6 === undefined ? {} : { IPv6Address: flags.ip6 }),
      LinkLocalIPs: flags.linkLocalIp ?? [],
    },
  };
}
