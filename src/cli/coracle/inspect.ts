import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';

export const inspectCommand = defineCommand({
  name: 'inspect',
  positional: 'CONTAINER [CONTAINER...]',
  summary: 'Show containers as JSON',
  flags: [],
  async run(context, names) {
    if (names.length === 0) throw new AppError('CLI_USAGE', 'inspect needs a container');
    const engine = await context.engine();
    const found = await Promise.all(names.map((name) => engine.getContainer(name).inspect()));
    context.out(`${JSON.stringify(found, undefined, 4)}\n`);
    return 0;
  },
});
