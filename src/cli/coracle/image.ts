import { AppError } from '../../core/index.ts';
import { defineCommand } from '../command.ts';
import { nearestName } from '../nearest-name.ts';
import { parseArguments } from '../parse-flags.ts';
import { imageCommands } from './image-commands.ts';

/** `coracle image SUBCOMMAND`: the store's images. */
export const imageCommand = defineCommand({
  name: 'image',
  positional: 'COMMAND',
  summary: 'Manage images',
  flags: [],
  passThrough: true,
  examples: Object.entries(imageCommands).map(
    ([name, { summary }]) => `${name.padEnd(10)} ${summary}`,
  ),
  async run(context, [name, ...argv]) {
    const program = `${context.program} image`;
    const help = `See '${program} --help'.`;
    if (name === undefined) throw new AppError('CLI_USAGE', 'a command is needed', { hint: help });
    const entry = Object.hasOwn(imageCommands, name) ? imageCommands[name] : undefined;
    if (entry === undefined) {
      const nearest = nearestName(name, Object.keys(imageCommands));
      throw new AppError('CLI_COMMAND_UNKNOWN', `unknown command: "${program} ${name}"`, {
        hint: nearest === undefined ? help : `Did you mean ${nearest}? ${help}`,
      });
    }
    const command = await entry.load();
    const parsed = parseArguments(command, program, argv);
    if ('help' in parsed) {
      context.out(parsed.help.trimStart());
      return 0;
    }
    return command.run(context, parsed.args, parsed.flags);
  },
});
