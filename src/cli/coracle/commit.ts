import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { type CommitFlags, commitFlags, commitOptions } from '../commit-flags.ts';

export const commitCommand = defineCommand<CommitFlags>({
  name: 'commit',
  positional: 'CONTAINER [REPOSITORY[:TAG]]',
  summary: "Create a new image from a container's changes",
  flags: commitFlags,
  examples: [`coracle commit -c 'CMD ["sh"]' web web:changed`],
  async run(context, [container, name, ...rest], flags) {
    if (container === undefined || rest.length > 0) {
      throw new AppError('CLI_USAGE', 'commit needs a container, and at most a name for the image');
    }
    const engine = await context.engine();
    context.out(`${await engine.commit(container, commitOptions(name, flags))}\n`);
    return 0;
  },
});
