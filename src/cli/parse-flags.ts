import { Command as Commander, CommanderError, InvalidArgumentError, Option } from 'commander';
import { AppError } from '../core/index.ts';
import type { Command, Flag, FlagValues } from './command.ts';

/** What parsing a command's arguments came to: help that was asked for, or arguments and flags. */
export type ParsedArguments =
  | { readonly help: string }
  | { readonly args: readonly string[]; readonly flags: FlagValues };

/**
 * Parses the arguments that follow a command's name.
 * @throws {AppError} `CLI_FLAG_UNKNOWN` (with the nearest flag), `CLI_USAGE`
 */
export function parseArguments(
  command: Omit<Command, 'run'>,
  program: string,
  argv: readonly string[],
): ParsedArguments {
  const parser = new Commander(`${program} ${command.name}`);
  parser.usage(`[OPTIONS] ${command.positional}`).description(command.summary);
  parser.argument('[args...]');
  if (command.passThrough) parser.passThroughOptions();
  for (const flag of command.flags) parser.addOption(toOption(flag));
  if (asksForHelp(command, argv)) {
    return { help: `${parser.helpInformation()}${sections(command).join('')}` };
  }
  run(parser, expandBooleans(command.flags, settleOptionalValues(command.flags, argv)));
  return { args: parser.args, flags: parser.opts() };
}

/** What `--help` shows below the flags. */
function sections({ sections: own = [], examples }: Omit<Command, 'run'>): string[] {
  const all = examples === undefined ? own : [...own, { title: 'Examples', lines: examples }];
  return all.map(
    ({ title, lines }) => `\n${title}:\n${lines.map((line) => `  ${line}\n`).join('')}`,
  );
}

/**
 * Parses the flags before a command's name.
 * @returns the flags and everything from the command's name on.
 */
export function parseGlobalFlags(
  program: string,
  flags: readonly Flag[],
  argv: readonly string[],
): { readonly flags: FlagValues; readonly rest: readonly string[] } {
  const parser = new Commander(program).passThroughOptions().argument('[args...]');
  for (const flag of flags) parser.addOption(toOption(flag));
  run(parser, expandBooleans(flags, argv));
  return { flags: parser.opts(), rest: parser.args };
}

function run(parser: Commander, argv: readonly string[]): void {
  parser.exitOverride().helpOption(false).allowExcessArguments();
  parser.configureOutput({ writeErr: () => undefined });
  try {
    parser.parse(argv as string[], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) throw usageError(parser.name(), error);
    throw error;
  }
}

function toOption({ flags, description, kind, default: initial, choices, hidden }: Flag): Option {
  const option = new Option(flags, description);
  // `--no-attach SERVICE` takes a value: it is a flag of its own, not the opposite of --attach.
  if (flags.includes('<')) option.negate = false;
  if (kind === 'list') {
    option.argParser((value: string, list: string[] | undefined) => [...(list ?? []), value]);
  } else if (kind === 'integer') {
    option.argParser(parseInteger);
  }
  if (initial !== undefined) option.default(initial);
  if (choices !== undefined) option.choices(choices);
  if (hidden) option.hideHelp();
  return option;
}

function parseInteger(value: string): number {
  if (!/^-?\d+$/.test(value)) throw new InvalidArgumentError('it is not a whole number');
  return Number(value);
}

function asksForHelp(
  command: Pick<Command, 'passThrough' | 'flags'>,
  argv: readonly string[],
): boolean {
  const takesShortH = command.flags.some(({ flags }) => flags.startsWith('-h,'));
  const end = command.passThrough ? argv.findIndex((word) => !word.startsWith('-')) : -1;
  const own = end < 0 ? argv : argv.slice(0, end);
  const dashes = own.indexOf('--');
  return (dashes < 0 ? own : own.slice(0, dashes)).some(
    (word) => word === '--help' || (word === '-h' && !takesShortH),
  );
}

/** Docker's flags take `--flag=false` and `--flag=true`, which commander does not know. */
function expandBooleans(flags: readonly Flag[], argv: readonly string[]): string[] {
  const booleans = new Set(
    flags.flatMap(({ flags: text }) =>
      /[<[]/.test(text) ? [] : text.split(/[ ,]+/).filter((word) => word.startsWith('--')),
    ),
  );
  const expanded: string[] = [];
  for (const [index, word] of argv.entries()) {
    if (word === '--') return [...expanded, ...argv.slice(index)];
    const match = /^(--[a-z\d-]+)=(true|1|false|0)$/.exec(word);
    const flag = match?.[1];
    if (flag === undefined || !booleans.has(flag)) expanded.push(word);
    else if (match?.[2] === 'true' || match?.[2] === '1') expanded.push(flag);
    else if (booleans.has(`--no-${flag.slice(2)}`)) expanded.push(`--no-${flag.slice(2)}`);
  }
  return expanded;
}

/** `--trace web` names a service, `--trace up.json` a file: commander would take either for the flag's value. */
function settleOptionalValues(flags: readonly Flag[], argv: readonly string[]): readonly string[] {
  const patterns = new Map(
    flags.flatMap(({ flags: text, nextWord }) =>
      nextWord === undefined ? [] : [[text.split(' ', 1)[0] ?? '', nextWord] as const],
    ),
  );
  if (patterns.size === 0) return argv;
  const end = argv.indexOf('--');
  return argv.map((word, index) => {
    const pattern = end >= 0 && index > end ? undefined : patterns.get(word);
    return pattern === undefined || pattern.test(argv[index + 1] ?? '') ? word : `${word}=`;
  });
}

function usageError(program: string, error: CommanderError): AppError {
  const [first = '', suggestion] = error.message.split('\n');
  const message = first.replace(/^error: /, '');
  const help = `See '${program} --help'.`;
  if (error.code === 'commander.unknownOption') {
    const flag = /'(.+)'/.exec(message)?.[1] ?? message;
    const nearest = suggestion?.match(/mean (one of )?(.+)\?/)?.[2];
    return new AppError('CLI_FLAG_UNKNOWN', `unknown flag: ${flag}`, {
      hint: nearest === undefined ? help : `Did you mean ${nearest}? ${help}`,
    });
  }
  return new AppError('CLI_USAGE', message, { hint: help });
}
