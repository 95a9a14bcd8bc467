import { AppError } from '../../../core/index.ts';
import { defineCommand } from '../../command.ts';

export const networkDisconnect = defineCommand<{ readonly force?: boolean }>({
  name: 'disconnect',
  positional: 'NETWORK CONTAINER',
  summary: 'Disconnect a container from a network',
  flags: [{ flags: '-f, --force', description: 'Do not error if the container does not exist' }],
  examples: ['coracle network disconnect shop_default web'],
  async run(context, [network, container, ...more], { force = false }) {
    if (network === undefined || container === undefined || more.length > 0) {
      throw new AppError('CLI_USAGE', 'disconnect needs a network and a container');
    }
    const engine = await context.engine();
    await engine.disconnectNetwork(network, container, { force });
    return 0;
  },
});
