import { AppError } from '../../core/index.ts';
import { type AttachFlags, attachFlags, attachToRunning } from '../attach/attach-flags.ts';
import { defineCommand } from '../command.ts';
import { runningContainer } from '../select-containers.ts';

export const attachCommand = defineCommand<AttachFlags & { readonly index: number }>({
  name: 'attach',
  positional: 'SERVICE',
  summary:
    "Attach local standard input, output, and error streams to a service's running container",
  flags: [
    ...attachFlags,
    {
      flags: '--index <number>',
      description: 'index of the container if service has multiple replicas.',
      kind: 'integer',
      default: 0,
    },
  ],
  examples: ['compose attach web', 'compose attach --no-stdin --index 2 web'],
  async run(context, [service, ...rest], flags) {
    if (service === undefined || rest.length > 0) {
      throw new AppError('CLI_USAGE', 'attach needs one service');
    }
    const project = await context.projectName();
    const { id } = await runningContainer(context, project, service, flags.index);
    const engine = await context.engine();
    return attachToRunning(context, await engine.getContainer(id).inspect(), flags);
  },
});
