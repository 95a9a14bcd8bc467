import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { stripControls } from '../text/strip-controls.ts';

export const diffCommand = defineCommand({
  name: 'diff',
  positional: 'CONTAINER',
  summary: "Inspect changes to files or directories on a container's filesystem",
  flags: [],
  examples: ['coracle diff web'],
  async run(context, [name, ...rest]) {
    if (name === undefined || rest.length > 0) {
      throw new AppError('CLI_USAGE', 'diff needs one container');
    }
    const engine = await context.engine();
    for (const { kind, path } of await engine.changes(name)) {
      context.out(`${kind} ${stripControls(path)}\n`);
    }
    return 0;
  },
});
