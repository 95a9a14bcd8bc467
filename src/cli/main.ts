import { AppError } from '../core/index.ts';
import type { Command, CommandTable } from './command.ts';
import { CommandContext } from './context.ts';
import { type GlobalOptions, globalFlags, readGlobalOptions } from './global-flags.ts';
import type { Host } from './host.ts';
import { nearestName } from './nearest-name.ts';
import { parseArguments, parseGlobalFlags } from './parse-flags.ts';
import { printError } from './print-error.ts';
import { programHelp } from './program-help.ts';
import { allowsAnsi, createPaint } from './text/paint.ts';

/** One of the two bins. */
export interface Program {
  readonly name: 'compose' | 'coracle';
  readonly description: string;
  readonly commands: CommandTable;
}

/**
 * Runs one command line and returns its exit code: global flags, the command's module, its flags, the command. The one
 * place where errors are printed.
 */
export async function main(program: Program, argv: readonly string[], host: Host): Promise<number> {
  let options: GlobalOptions | undefined;
  let context: CommandContext | undefined;
  const begunMs = host.monotonicMs();
  try {
    const { flags, rest } = parseGlobalFlags(program.name, globalFlags, argv);
    options = readGlobalOptions(flags, host.env);
    context = new CommandContext(host, options, program.name);
    return await runCommand(program, context, rest, begunMs);
  } catch (error) {
    const paint = createPaint(allowsAnsi({ ansi: options?.ansi ?? 'auto' }, host.env, host.stderr));
    const debug = options?.debug ?? argv.includes('--debug');
    return printError(error, { host, paint, debug });
  } finally {
    context?.endTrace();
    if ((await context?.close()) === false) host.exitSoon();
  }
}

async function runCommand(
  program: Program,
  context: CommandContext,
  rest: readonly string[],
  begunMs: number,
): Promise<number> {
  const [name, ...argv] = context.options.version ? ['version'] : rest;
  if (name === undefined || (name === 'help' && argv.length === 0)) {
    context.out(programHelp(program));
    return name === undefined && !context.options.help ? 1 : 0;
  }
  if (name === 'help' || context.options.help) {
    // `help image ls` goes down into a group.
    return runCommand(program, context, [...(name === 'help' ? argv : [name]), '--help'], begunMs);
  }
  const command = await loadCommand(program, name);
  const parsed = parseArguments(command, program.name, argv);
  if ('help' in parsed) {
    context.out(parsed.help);
    return 0;
  }
  const { trace } = parsed.flags as { readonly trace?: string };
  if (trace !== undefined) {
    await context.beginTrace({ command: `${program.name} ${name}`, file: trace, begunMs });
  }
  return command.run(context, parsed.args, parsed.flags);
}

async function loadCommand(program: Program, name: string): Promise<Command> {
  if (name === '__complete') {
    return (await import('./completion/complete-command.ts')).completeCommand(program);
  }
  const entry = Object.hasOwn(program.commands, name) ? program.commands[name] : undefined;
  if (entry === undefined) throw unknownCommand(program, name);
  return entry.load();
}

function unknownCommand(program: Program, name: string): AppError {
  const nearest = nearestName(name, Object.keys(program.commands));
  const help = `See '${program.name} --help'.`;
  return new AppError('CLI_COMMAND_UNKNOWN', `unknown command: "${program.name} ${name}"`, {
    hint: nearest === undefined ? help : `Did you mean ${nearest}? ${help}`,
  });
}
