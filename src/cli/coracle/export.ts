import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { exportTo } from '../export-container.ts';

export const exportCommand = defineCommand<{ readonly output?: string }>({
  name: 'export',
  positional: 'CONTAINER',
  summary: "Export a container's filesystem as a tar archive",
  flags: [{ flags: '-o, --output <file>', description: 'Write to a file, instead of STDOUT' }],
  examples: ['coracle export -o web.tar web'],
  async run(context, [name, ...rest], { output }) {
    if (name === undefined || rest.length > 0) {
      throw new AppError('CLI_USAGE', 'export needs one container');
    }
    const engine = await context.engine();
    const { Id } = await engine.getContainer(name).inspect();
    await exportTo(context, Id, output);
    return 0;
  },
});
