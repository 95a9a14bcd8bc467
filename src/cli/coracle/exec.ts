import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { environmentEntries } from '../environment-entries.ts';

interface ExecFlags {
  readonly detach?: boolean;
  readonly env?: readonly string[];
  readonly privileged?: boolean;
  readonly tty?: boolean;
  readonly user?: string;
  readonly workdir?: string;
}

export const execCommand = defineCommand<ExecFlags>({
  name: 'exec',
  positional: 'CONTAINER COMMAND [ARG...]',
  summary: 'Execute a command in a running container',
  passThrough: true,
  flags: [
    { flags: '-d, --detach', description: 'Run command in the background' },
    { flags: '-e, --env <key=value>', description: 'Set environment variables', kind: 'list' },
    { flags: '-i, --interactive', description: 'Keep standard input open (it always is)' },
    { flags: '--privileged', description: 'Give extended privileges to the command' },
    { flags: '-t, --tty', description: 'Allocate a pseudo-TTY' },
    { flags: '-u, --user <user>', description: 'Username or UID' },
    { flags: '-w, --workdir <folder>', description: 'Working directory inside the container' },
  ],
  examples: ['coracle exec -it web sh', 'coracle exec -u root -e A=1 web env'],
  async run(context, [name, ...argv], flags) {
    if (name === undefined || argv.length === 0) {
      throw new AppError('CLI_USAGE', 'exec needs a container and a command');
    }
    if (flags.tty && !context.host.stdinIsTTY) {
      throw new AppError('CLI_USAGE', 'the input device is not a TTY', { hint: 'Leave -t out.' });
    }
    const engine = await context.engine();
    const { exitCode } = await engine.exec(name, {
      argv,
      env: environmentEntries(context, flags.env ?? []),
      stdio: 'inherit',
      ...(flags.tty ? { tty: true } : {}),
      ...(flags.detach ? { detach: true } : {}),
      ...(flags.privileged ? { privileged: true } : {}),
      ...(flags.user === undefined ? {} : { user: flags.user }),
      ...(flags.workdir === undefined ? {} : { workingDir: flags.workdir }),
    });
    return exitCode;
  },
});
