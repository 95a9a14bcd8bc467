import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { parseCopy } from '../copy/parse-copy.ts';
import { runCopy } from '../copy/run-copy.ts';
import { announce } from '../progress/announce.ts';
import { serviceContainers } from '../select-containers.ts';

interface CpFlags {
  readonly all?: boolean;
  readonly archive?: boolean;
  readonly followLink?: boolean;
  readonly index: number;
}

export const cpCommand = defineCommand<CpFlags>({
  name: 'cp',
  positional: 'SERVICE:SRC_PATH DEST_PATH|- | SRC_PATH|- SERVICE:DEST_PATH',
  summary: 'Copy files/folders between a service container and the local filesystem',
  flags: [
    { flags: '--all', description: 'Include containers created by the run command' },
    { flags: '-a, --archive', description: 'Archive mode (copy all uid/gid information)' },
    { flags: '-L, --follow-link', description: 'Always follow symbol link in SRC_PATH' },
    {
      flags: '--index <number>',
      description: 'Index of the container if service has multiple replicas',
      kind: 'integer',
      default: 0,
    },
  ],
  examples: ['compose cp web:/etc/nginx/nginx.conf .', 'compose cp dump.sql mysql:/tmp'],
  async run(context, args, { all = false, archive = false, followLink = false, index }) {
    const request = parseCopy(args, context.host.cwd, 'service');
    const project = await context.projectName();
    const found = await serviceContainers(context, project, request.owner, { index, oneoffs: all });
    // Into a service means into each of its replicas; out of it, out of the first.
    const targets = request.direction === 'out' ? found.slice(0, 1) : found;
    if (request.direction === 'in' && request.from === '-' && targets.length > 1) {
      throw new AppError('CLI_USAGE', 'an archive on standard input can be read only once', {
        hint: 'Name one replica with --index.',
      });
    }
    for (const { id, name } of targets) {
      const what =
        request.direction === 'in'
          ? `${args[0]} to ${name}:${request.to}`
          : `${name}:${request.from} to ${args[1]}`;
      announce(context, name, `copy ${what} Copying`);
      if (context.options.dryRun) continue;
      await runCopy(context, request, { id, name }, { archive, followLink });
      announce(context, name, `copy ${what} Copied`);
    }
    return 0;
  },
});
