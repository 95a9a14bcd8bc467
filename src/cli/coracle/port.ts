import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';

export const portCommand = defineCommand({
  name: 'port',
  positional: 'CONTAINER [PRIVATE_PORT[/PROTO]]',
  summary: 'List port mappings or a specific mapping for the container',
  flags: [],
  examples: ['coracle port web', 'coracle port web 80/tcp'],
  async run(context, [name, wanted, ...more]) {
    if (name === undefined || more.length > 0) {
      throw new AppError('CLI_USAGE', 'port needs one container, and at most one port');
    }
    const { NetworkSettings } = await (await context.engine()).getContainer(name).inspect();
    const bound = Object.entries(NetworkSettings.Ports ?? {}).flatMap(([port, bindings]) =>
      (bindings ?? []).map(({ HostIp, HostPort }) => ({
        port,
        address: `${HostIp.includes(':') ? `[${HostIp}]` : HostIp}:${HostPort}`,
      })),
    );
    if (wanted === undefined) {
      context.out(bound.map(({ port, address }) => `${port} -> ${address}\n`).join(''));
      return 0;
    }
    const key = wanted.includes('/') ? wanted : `${wanted}/tcp`;
    const found = bound.filter(({ port }) => port === key);
    if (found.length === 0) {
      throw new AppError(
        'PROJECT_PORT_NOT_PUBLISHED',
        `no public port '${key}' published for ${name}`,
      );
    }
    context.out(found.map(({ address }) => `${address}\n`).join(''));
    return 0;
  },
});
