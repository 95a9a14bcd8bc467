import { AppError, isAppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';

interface RmFlags {
  readonly force?: boolean;
  readonly volumes?: boolean;
}

export const rmCommand = defineCommand<RmFlags>({
  name: 'rm',
  positional: 'CONTAINER [CONTAINER...]',
  summary: 'Remove containers',
  flags: [
    {
      flags: '-f, --force',
      description: 'Kill running containers first; missing ones are no error',
    },
    { flags: '-v, --volumes', description: 'Remove anonymous volumes of the containers' },
  ],
  examples: ['coracle rm web', 'coracle rm -fv web db'],
  async run(context, names, { force = false, volumes = false }) {
    if (names.length === 0) throw new AppError('CLI_USAGE', 'rm needs a container');
    const engine = await context.engine();
    for (const name of names) {
      try {
        await engine.getContainer(name).remove({ force, v: volumes });
        context.out(`${name}\n`);
      } catch (error) {
        if (!force || !isAppError(error) || error.statusCode !== 404) throw error;
      }
    }
    return 0;
  },
});
