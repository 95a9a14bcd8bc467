import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';

export const waitCommand = defineCommand({
  name: 'wait',
  positional: 'CONTAINER [CONTAINER...]',
  summary: 'Block until one or more containers stop, then print their exit codes',
  flags: [],
  examples: ['coracle wait job'],
  async run(context, names) {
    if (names.length === 0) throw new AppError('CLI_USAGE', 'wait needs a container');
    const engine = await context.engine();
    // All are waited for at once, and told of in the order in which they were named.
    const ends = names.map((name) => engine.getContainer(name).wait());
    const failures: unknown[] = [];
    for (const end of ends) {
      try {
        context.out(`${(await end).StatusCode}\n`);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
    return 0;
  },
});
