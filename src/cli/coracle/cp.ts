import { defineCommand } from '../command.ts';
import { parseCopy } from '../copy/parse-copy.ts';
import { runCopy } from '../copy/run-copy.ts';

interface CpFlags {
  readonly archive?: boolean;
  readonly followLink?: boolean;
}

export const cpCommand = defineCommand<CpFlags>({
  name: 'cp',
  positional: 'CONTAINER:SRC_PATH DEST_PATH|- | SRC_PATH|- CONTAINER:DEST_PATH',
  summary: 'Copy files/folders between a container and the local filesystem',
  flags: [
    { flags: '-a, --archive', description: 'Archive mode (copy all uid/gid information)' },
    { flags: '-L, --follow-link', description: 'Always follow symbol link in SRC_PATH' },
    { flags: '-q, --quiet', description: 'Suppress progress output (there is none)', hidden: true },
  ],
  examples: ['coracle cp web:/etc/nginx/nginx.conf .', 'tar c site | coracle cp - web:/srv'],
  async run(context, args, { archive = false, followLink = false }) {
    const request = parseCopy(args, context.host.cwd, 'container');
    const engine = await context.engine();
    const { Id } = await engine.getContainer(request.owner).inspect();
    await runCopy(context, request, { id: Id, name: request.owner }, { archive, followLink });
    return 0;
  },
});
