import { AppError } from '../core/index.ts';
import { type Command, type CommandTable, defineCommand } from './command.ts';
import { nearestName } from './nearest-name.ts';
import { parseArguments } from './parse-flags.ts';

/** A command that only holds others below it, as `coracle image`. */
export interface CommandGroup extends Command {
  readonly commands: CommandTable;
}

/** Makes the group `name`; `--help` lists what is below it, a mistyped name gets its nearest. */
export function defineGroup(name: string, summary: string, commands: CommandTable): CommandGroup {
  const shown = Object.entries(commands).filter(([, { hidden }]) => !hidden);
  const width = Math.max(...shown.map(([command]) => command.length));
  const group = defineCommand({
    name,
    positional: 'COMMAND',
    summary,
    flags: [],
    passThrough: true,
    sections: [
      {
        title: 'Commands',
        lines: shown.map(([command, entry]) => `${command.padEnd(width)}   ${entry.summary}`),
      },
    ],
    async run(context, [command, ...argv]) {
      const program = `${context.program} ${name}`;
      const help = `See '${program} --help'.`;
      if (command === undefined) {
        throw new AppError('CLI_USAGE', 'a command is needed', { hint: help });
      }
      const entry = Object.hasOwn(commands, command) ? commands[command] : undefined;
      if (entry === undefined) {
        const nearest = nearestName(command, Object.keys(commands));
        throw new AppError('CLI_COMMAND_UNKNOWN', `unknown command: "${program} ${command}"`, {
          hint: nearest === undefined ? help : `Did you mean ${nearest}? ${help}`,
        });
      }
      const loaded = await entry.load();
      const parsed = parseArguments(loaded, program, argv);
      if ('help' in parsed) {
        context.out(parsed.help);
        return 0;
      }
      return loaded.run(context, parsed.args, parsed.flags);
    },
  });
  return { ...group, commands };
}

/** True for a command made by {@link defineGroup}. */
export function isGroup(command: Command): command is CommandGroup {
  return 'commands' in command;
}
