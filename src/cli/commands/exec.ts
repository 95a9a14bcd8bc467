import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { environmentEntries } from '../environment-entries.ts';
import { runningContainerId } from '../select-containers.ts';

interface ExecFlags {
  readonly detach?: boolean;
  readonly env?: readonly string[];
  readonly index: number;
  readonly privileged?: boolean;
  readonly tty: boolean;
  readonly user?: string;
  readonly workdir?: string;
}

export const execCommand = defineCommand<ExecFlags>({
  name: 'exec',
  positional: 'SERVICE COMMAND [ARGS...]',
  summary: 'Execute a command in a running container',
  passThrough: true,
  flags: [
    { flags: '-d, --detach', description: 'Run command in the background' },
    { flags: '-e, --env <key=value>', description: 'Set environment variables', kind: 'list' },
    {
      flags: '--index <number>',
      description: 'Replica number, where a service has several',
      kind: 'integer',
      default: 0,
    },
    {
      flags: '-i, --interactive',
      description: 'Keep standard input open (it always is)',
      hidden: true,
    },
    { flags: '-T, --no-tty', description: 'Disable pseudo-TTY allocation' },
    { flags: '--privileged', description: 'Give extended privileges to the process' },
    {
      flags: '-t, --tty',
      description: 'Allocate a pseudo-TTY (the default on a terminal)',
      hidden: true,
    },
    { flags: '-u, --user <user>', description: 'Run the command as this user' },
    { flags: '-w, --workdir <folder>', description: 'Working folder of the command' },
  ],
  examples: ['compose exec mysql mysql -uroot -p', 'compose exec -T db pg_dump app > dump.sql'],
  async run(context, [service, ...argv], flags) {
    if (service === undefined || argv.length === 0) {
      throw new AppError('CLI_USAGE', 'exec needs a service and a command');
    }
    const project = await context.projectName();
    const id = await runningContainerId(context, project, service, flags.index);
    const engine = await context.engine();
    if (context.options.dryRun) {
      const { Name } = await engine.getContainer(id).inspect();
      context.out(`run in container ${Name.slice(1)}: ${argv.join(' ')}\n`);
      return 0;
    }
    const { exitCode } = await engine.exec(id, {
      argv,
      env: environmentEntries(context, flags.env ?? []),
      tty: !flags.detach && flags.tty && context.host.stdinIsTTY && context.host.stdout.isTTY,
      stdio: 'inherit',
      ...(flags.detach ? { detach: true } : {}),
      ...(flags.privileged ? { privileged: true } : {}),
      ...(flags.user === undefined ? {} : { user: flags.user }),
      ...(flags.workdir === undefined ? {} : { workingDir: flags.workdir }),
    });
    return exitCode;
  },
});
