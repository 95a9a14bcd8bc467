import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { runningContainer } from '../select-containers.ts';

interface PortFlags {
  readonly index: number;
  readonly protocol: string;
}

export const portCommand = defineCommand<PortFlags>({
  name: 'port',
  positional: 'SERVICE PRIVATE_PORT',
  summary: 'Print the public port for a port binding',
  flags: [
    {
      flags: '--index <number>',
      description: 'Replica number, where a service has several',
      kind: 'integer',
      default: 0,
    },
    {
      flags: '--protocol <protocol>',
      description: 'tcp or udp',
      default: 'tcp',
      choices: ['tcp', 'udp'],
    },
  ],
  examples: ['compose port web 80', 'compose port --protocol udp --index 2 dns 53'],
  async run(context, [service, port, ...rest], { index, protocol }) {
    if (service === undefined || port === undefined || rest.length > 0 || !/^\d+$/.test(port)) {
      throw new AppError('CLI_USAGE', 'port needs a service and a container port');
    }
    const project = await context.projectName();
    const { name, info } = await runningContainer(context, project, service, index);
    const found = info.Ports.find(
      ({ PrivatePort, PublicPort, Type }) =>
        PublicPort !== undefined && PrivatePort === Number(port) && Type === protocol,
    );
    if (found === undefined) {
      const published = info.Ports.flatMap(({ PublicPort, Type }) =>
        PublicPort === undefined ? [] : [`${PublicPort}/${Type}`],
      ).join(', ');
      throw new AppError(
        'PROJECT_PORT_NOT_PUBLISHED',
        `no port ${port}/${protocol} for container ${name}: ${published}`.replace(/: $/, ''),
      );
    }
    context.out(`${found.IP}:${found.PublicPort}\n`);
    return 0;
  },
});
