/**
 * What a command is, for both bins: a table of flags, a summary, and a function from parsed flags to an exit code.
 */
import type { CommandContext } from './context.ts';

/** One flag, in commander's notation: `-t, --timeout <seconds>`. */
export interface Flag {
  readonly flags: string;
  readonly description: string;
  /** How a value is read: `list` collects repetitions, `integer` refuses anything else. */
  readonly kind?: 'list' | 'integer';
  readonly default?: string | boolean | number | readonly string[];
  readonly choices?: readonly string[];
  /** What a shell offers for the value, where others are right as well. */
  readonly suggestions?: readonly string[];
  readonly hidden?: boolean;
  /** Of a flag with an optional value (`[file]`): which next words are one; others stay arguments of the command. */
  readonly nextWord?: RegExp;
}

/** Parsed flags by camel-cased name; each command reads its own through an interface of its own. */
export type FlagValues = Readonly<Record<string, unknown>>;

export interface Command<Flags = FlagValues> {
  readonly name: string;
  /** Positional arguments as the usage line shows them, e.g. `[SERVICE...]`. */
  readonly positional: string;
  /** The values of the first positional argument, where they are fixed. */
  readonly choices?: readonly string[];
  readonly summary: string;
  readonly flags: readonly Flag[];
  /** True where everything after the first positional argument belongs to another program (`exec`, `run`). */
  readonly passThrough?: boolean;
  /** Shown at the end of `--help`. */
  readonly examples?: readonly string[];
  /** Further lists of `--help`, before the examples. */
  readonly sections?: readonly { readonly title: string; readonly lines: readonly string[] }[];
  /** @returns the exit code. Failures are thrown. */
  run(context: CommandContext, args: readonly string[], flags: Flags): Promise<number>;
}

/** A command that is loaded when it is called for. */
export interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<Command>;
  /** Left out of the list that `--help` prints. */
  readonly hidden?: boolean;
}

/** The commands of one bin, by name. */
export type CommandTable = Readonly<Record<string, CommandEntry>>;

/** Keeps a command's own flag interface inside while it stands in a {@link CommandTable}. */
export function defineCommand<Flags>(command: Command<Flags>): Command {
  return command as unknown as Command;
}
