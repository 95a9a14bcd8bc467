import { isAppError } from '../../../core/index.ts';
import { defineCommand } from '../../command.ts';
import { onEach } from '../on-each.ts';

export const volumeRm = defineCommand<{ readonly force?: boolean }>({
  name: 'rm',
  positional: 'VOLUME [VOLUME...]',
  summary: 'Remove one or more volumes',
  flags: [{ flags: '-f, --force', description: 'Missing volumes are no error' }],
  examples: ['coracle volume rm shop_data'],
  run: (context, names, { force = false }) =>
    onEach(context, names, 'volume', async (engine, name) => {
      try {
        await engine.getVolume(name).remove();
      } catch (error) {
        if (!force || !isAppError(error) || error.statusCode !== 404) throw error;
      }
    }),
});
