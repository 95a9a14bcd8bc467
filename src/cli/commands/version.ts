import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { version } from '../version.ts';

interface VersionFlags {
  readonly format?: string;
  readonly short?: boolean;
}

export const versionCommand = defineCommand<VersionFlags>({
  name: 'version',
  positional: '',
  summary: 'Show the version information',
  flags: [
    {
      flags: '-f, --format <format>',
      description: 'Format the output: pretty or json',
      suggestions: ['pretty', 'json'],
    },
    { flags: '--short', description: 'Show only the version number' },
  ],
  examples: ['compose version --short'],
  async run(context, _args, { format = 'pretty', short = false }) {
    if (format !== 'pretty' && format !== 'json') {
      throw new AppError('CLI_USAGE', `--format: "${format}" is neither pretty nor json`);
    }
    if (short) context.out(`${version}\n`);
    else if (format === 'json') context.out(`${JSON.stringify({ version })}\n`);
    else context.out(`Coracle ${context.program} version ${version}\n`);
    return 0;
  },
});
