import { isAppError } from '../../../core/index.ts';
import { defineCommand } from '../../command.ts';
import { onEach } from '../on-each.ts';

export const networkRm = defineCommand<{ readonly force?: boolean }>({
  name: 'rm',
  positional: 'NETWORK [NETWORK...]',
  summary: 'Remove one or more networks',
  flags: [{ flags: '-f, --force', description: 'Do not error if the network does not exist' }],
  examples: ['coracle network rm shop_back'],
  run: (context, names, { force = false }) =>
    onEach(context, names, 'network', async (engine, name) => {
      try {
        await engine.getNetwork(name).remove();
      } catch (error) {
        if (!force || !isAppError(error, 'NETWORK_NOT_FOUND')) throw error;
      }
    }),
});
