import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { type CommitFlags, commitFlags, commitOptions } from '../commit-flags.ts';
import { announce } from '../progress/announce.ts';
import { replica } from '../select-containers.ts';

export const commitCommand = defineCommand<CommitFlags & { readonly index: number }>({
  name: 'commit',
  positional: 'SERVICE [REPOSITORY[:TAG]]',
  summary: "Create a new image from a service container's changes",
  flags: [
    ...commitFlags,
    {
      flags: '--index <number>',
      description: 'index of the container if service has multiple replicas.',
      kind: 'integer',
      default: 0,
    },
  ],
  examples: ["compose commit -m 'before the update' web shop/web:before"],
  async run(context, [service, image, ...rest], flags) {
    if (service === undefined || rest.length > 0) {
      throw new AppError('CLI_USAGE', 'commit needs a service, and at most a name for the image');
    }
    const project = await context.projectName();
    const { id, name } = await replica(context, project, service, flags.index);
    announce(context, name, `Commit ${name} Committing`);
    if (context.options.dryRun) return 0;
    const engine = await context.engine();
    const imageId = await engine.commit(id, commitOptions(image, flags));
    announce(context, name, `Commit ${name} Committed as ${imageId}`);
    return 0;
  },
});
