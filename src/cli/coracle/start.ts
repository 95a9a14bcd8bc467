import { AppError } from '../../core/index.ts';
import { attachUntilExit } from '../attach/attach-container.ts';
import { parseDetachKeys } from '../attach/detach-keys.ts';
import { defineCommand } from '../command.ts';
import { onEach } from './on-each.ts';

export const startCommand = defineCommand<{
  readonly attach?: boolean;
  readonly detachKeys?: string;
  readonly interactive?: boolean;
}>({
  name: 'start',
  positional: 'CONTAINER [CONTAINER...]',
  summary: 'Start one or more stopped containers',
  flags: [
    { flags: '-a, --attach', description: 'Attach STDOUT/STDERR and forward signals' },
    {
      flags: '--detach-keys <keys>',
      description: 'Override the key sequence for detaching a container',
    },
    { flags: '-i, --interactive', description: "Attach container's STDIN" },
  ],
  examples: ['coracle start web', 'coracle start -a web'],
  async run(context, names, { attach = false, detachKeys, interactive = false }) {
    if (!attach && !interactive) {
      return onEach(context, names, 'container', (engine, name) =>
        engine.getContainer(name).start(),
      );
    }
    const [name, ...more] = names;
    if (name === undefined || more.length > 0) {
      throw new AppError('CLI_USAGE', 'you cannot start and attach multiple containers at once');
    }
    const container = (await context.engine()).getContainer(name);
    const { Config, Name, State } = await container.inspect();
    if (State.Running) {
      return attachUntilExit(context, Name.slice(1), {
        stdin: interactive && Config.OpenStdin,
        tty: Config.Tty,
      });
    }
    const stdin = interactive && Config.OpenStdin;
    return attachUntilExit(context, Name.slice(1), {
      stdin,
      tty: Config.Tty,
      start: () => container.start(),
      ...(detachKeys === undefined ? {} : { detachKeys: parseDetachKeys(detachKeys) }),
    });
  },
});
