import { AppError } from '../../core/index.ts';
import { type AttachFlags, attachFlags, attachToRunning } from '../attach/attach-flags.ts';
import { defineCommand } from '../command.ts';

export const attachCommand = defineCommand<AttachFlags>({
  name: 'attach',
  positional: 'CONTAINER',
  summary: 'Attach local standard input, output, and error streams to a running container',
  flags: attachFlags,
  examples: ['coracle attach web'],
  async run(context, [name, ...rest], flags) {
    if (name === undefined || rest.length > 0) {
      throw new AppError('CLI_USAGE', 'attach needs one container');
    }
    const engine = await context.engine();
    return attachToRunning(context, await engine.getContainer(name).inspect(), flags);
  },
});
