import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { exportTo } from '../export-container.ts';
import { announce } from '../progress/announce.ts';
import { replica } from '../select-containers.ts';

interface ExportFlags {
  readonly index: number;
  readonly output?: string;
}

export const exportCommand = defineCommand<ExportFlags>({
  name: 'export',
  positional: 'SERVICE',
  summary: "Export a service container's filesystem as a tar archive",
  flags: [
    {
      flags: '--index <number>',
      description: 'index of the container if service has multiple replicas.',
      kind: 'integer',
      default: 0,
    },
    { flags: '-o, --output <file>', description: 'Write to a file, instead of STDOUT' },
  ],
  examples: ['compose export -o web.tar web'],
  async run(context, [service, ...rest], { index, output }) {
    if (service === undefined || rest.length > 0) {
      throw new AppError('CLI_USAGE', 'export needs one service');
    }
    const project = await context.projectName();
    const { id, name } = await replica(context, project, service, index);
    announce(context, name, `export ${name} to ${output ?? ''} Exporting`);
    if (context.options.dryRun) return 0;
    await exportTo(context, id, output);
    announce(context, name, `export ${name} to ${output ?? ''} Exported`);
    return 0;
  },
});
