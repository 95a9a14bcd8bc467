/** What may stand at the cursor of a command line, read from the same tables that parse it. */

import type { Command, CommandTable, Flag } from '../command.ts';
import { isGroup } from '../command-group.ts';
import { globalFlags } from '../global-flags.ts';
import type { Program } from '../main.ts';

/** Names of things that only a look at the project or the engine can tell. */
export type Subject =
  | 'service'
  | 'profile'
  | 'project'
  | 'container'
  | 'running container'
  | 'image'
  | 'network'
  | 'volume';

/** One value that the word may become. */
export interface Candidate {
  readonly value: string;
  readonly description?: string;
}

export interface Expected {
  readonly candidates: readonly Candidate[];
  readonly subjects?: readonly Subject[];
  /** The shell adds files or folders of its own. */
  readonly paths?: 'files' | 'folders';
  /** Ends each name of a subject: `:` before a path, `=` before a number. */
  readonly suffix?: ':' | '=';
  /** Stands in front of each value and is not part of it: the flag of `--ansi=never`. */
  readonly prefix?: string;
  /** The words before the command's name: the global flags that are in force. */
  readonly global: readonly string[];
}

/** @param words everything after the program's name; the last one is under the cursor. */
export async function expectedAt(program: Program, words: readonly string[]): Promise<Expected> {
  const typed = words.slice(0, -1);
  const current = words.at(-1) ?? '';
  const own = consume(globalFlags, typed, true);
  const global = typed.slice(0, own.pending === undefined ? own.nameAt : -1);
  if (own.name === undefined) {
    return {
      global,
      ...(own.pending !== undefined || current.startsWith('-')
        ? atFlag(globalFlags, current, own.pending)
        : { candidates: commandNames(program.commands) }),
    };
  }
  return { global, ...(await below(program.commands, own.name, own.rest, current)) };
}

type Place = Omit<Expected, 'global'>;

const nothing: Place = { candidates: [] };

async function below(
  commands: CommandTable,
  name: string,
  typed: readonly string[],
  current: string,
): Promise<Place> {
  if (name === 'help') return typed.length === 0 ? { candidates: commandNames(commands) } : nothing;
  if (!Object.hasOwn(commands, name)) return nothing;
  const command = await commands[name]?.load();
  if (command === undefined) return nothing;
  if (isGroup(command)) {
    const [next, ...rest] = typed;
    return next === undefined
      ? { candidates: commandNames(command.commands) }
      : below(command.commands, next, rest, current);
  }
  const { pending, positionals, ended } = consume(command.flags, typed, command.passThrough);
  if (command.passThrough && positionals.length > 0) return nothing;
  if (!ended && (pending !== undefined || current.startsWith('-'))) {
    return atFlag([...command.flags, helpFlag], current, pending);
  }
  return atPositional(command, positionals.length);
}

const helpFlag: Flag = { flags: '--help', description: 'Show the help of this command' };

interface Consumed {
  /** The flag whose value the next word is. */
  readonly pending?: Flag | undefined;
  readonly positionals: readonly string[];
  /** True after `--`. */
  readonly ended: boolean;
  /** The first positional word, where it stands, and what follows it. */
  readonly name?: string | undefined;
  readonly nameAt: number;
  readonly rest: readonly string[];
}

function consume(flags: readonly Flag[], words: readonly string[], stop = false): Consumed {
  const positionals: string[] = [];
  let pending: Flag | undefined;
  let ended = false;
  for (const [index, word] of words.entries()) {
    if (pending !== undefined) pending = undefined;
    else if (!ended && word === '--') ended = true;
    else if (!ended && word.startsWith('-') && word !== '-') pending = awaitsValue(flags, word);
    else if (stop) {
      return {
        positionals: words.slice(index),
        ended,
        name: word,
        nameAt: index,
        rest: words.slice(index + 1),
      };
    } else positionals.push(word);
  }
  return { pending, positionals, ended, nameAt: words.length, rest: [] };
}

/** The flag that `word` names, where its value is the next word: `-f`, `--file`, the `f` of `-df`. */
function awaitsValue(flags: readonly Flag[], word: string): Flag | undefined {
  if (word.includes('=')) return undefined;
  if (word.startsWith('--')) return find(flags, word, true);
  for (let at = 1; at < word.length; at += 1) {
    const flag = find(flags, `-${word.charAt(at)}`, true);
    if (flag !== undefined) return at === word.length - 1 ? flag : undefined;
  }
  return undefined;
}

function find(flags: readonly Flag[], name: string, withValue: boolean): Flag | undefined {
  return flags.find((flag) => namesOf(flag).includes(name) && takesValue(flag) === withValue);
}

function namesOf({ flags }: Flag): string[] {
  return flags.split(/[ ,]+/).filter((word) => word.startsWith('-'));
}

function takesValue({ flags }: Flag): boolean {
  return flags.includes('<');
}

/** `--trace=up.json`: a value that may be left out. */
function takesOptional(flag: Flag, name: string): boolean {
  return flag.flags.includes('[') && namesOf(flag).includes(name);
}

function atFlag(flags: readonly Flag[], current: string, pending: Flag | undefined): Place {
  if (pending !== undefined) return atValue(pending);
  const equals = current.indexOf('=');
  if (equals >= 0) {
    const name = current.slice(0, equals);
    const flag = find(flags, name, true) ?? flags.find((one) => takesOptional(one, name));
    return flag === undefined
      ? nothing
      : { ...atValue(flag), prefix: current.slice(0, equals + 1) };
  }
  return {
    candidates: flags
      .filter(({ hidden }) => !hidden)
      .flatMap((flag) =>
        namesOf(flag)
          .filter((name) => name.startsWith('--'))
          .map((value) => ({ value, description: flag.description })),
      ),
  };
}

const signals = ['SIGHUP', 'SIGINT', 'SIGKILL', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'];

/** By the word that stands for a flag's value in its usage: `--file <file>`. */
const valuePlaces: Readonly<Record<string, Place>> = {
  file: { candidates: [], paths: 'files' },
  'file.json': { candidates: [], paths: 'files' },
  path: { candidates: [], paths: 'files' },
  folder: { candidates: [], paths: 'folders' },
  service: { candidates: [], subjects: ['service'] },
  services: { candidates: [], subjects: ['service'] },
  'service=number': { candidates: [], subjects: ['service'], suffix: '=' },
  container: { candidates: [], subjects: ['container'] },
  network: { candidates: [], subjects: ['network'] },
  signal: { candidates: signals.map((value) => ({ value })) },
};

/** Flags whose value's name says too little. */
const flagPlaces: Readonly<Record<string, Place>> = {
  '--profile': { candidates: [], subjects: ['profile'] },
  '--project-name': { candidates: [], subjects: ['project'] },
};

function atValue(flag: Flag): Place {
  const suggested = flag.choices ?? flag.suggestions;
  if (suggested !== undefined) return { candidates: suggested.map((value) => ({ value })) };
  const named = namesOf(flag).map((name) => flagPlaces[name]);
  const word = /[<[](.+)[>\]]/.exec(flag.flags)?.[1] ?? '';
  return named.find((place) => place !== undefined) ?? valuePlaces[word] ?? nothing;
}

/** By the word of a command's usage line, without brackets and dots. */
const positionalPlaces: Readonly<Record<string, Place>> = {
  SERVICE: { candidates: [], subjects: ['service'] },
  SERVICES: { candidates: [], subjects: ['service'] },
  'SERVICE=REPLICAS': { candidates: [], subjects: ['service'], suffix: '=' },
  'SERVICE:SRC_PATH': { candidates: [], subjects: ['service'], suffix: ':', paths: 'files' },
  'CONTAINER:SRC_PATH': { candidates: [], subjects: ['container'], suffix: ':', paths: 'files' },
  CONTAINER: { candidates: [], subjects: ['container'] },
  IMAGE: { candidates: [], subjects: ['image'] },
  'NAME[:TAG]': { candidates: [], subjects: ['image'] },
  'NAME[:TAG|@DIGEST]': { candidates: [], subjects: ['image'] },
  NETWORK: { candidates: [], subjects: ['network'] },
  VOLUME: { candidates: [], subjects: ['volume'] },
  'NAME|ID': { candidates: [], subjects: ['container', 'image', 'network', 'volume'] },
  PATH: { candidates: [], paths: 'folders' },
  'ARCHIVE|-': { candidates: [], paths: 'files' },
  DEST_PATH: { candidates: [], paths: 'files' },
  'DEST_PATH|-': { candidates: [], paths: 'files' },
};

/** Commands that have nothing to say to a container that has ended. */
const needRunning = new Set([
  ...['attach', 'exec', 'kill', 'pause', 'port', 'stats', 'stop', 'top', 'unpause'],
]);

function atPositional(command: Command, index: number): Place {
  if (command.choices !== undefined) {
    return index === 0 ? { candidates: command.choices.map((value) => ({ value })) } : nothing;
  }
  const usage = command.positional.split(' | ')[0] ?? '';
  const slots = usage.split(' ').map((slot) => /^\[?(.+?)(\.\.\.)?\]?(\.\.\.)?$/.exec(slot));
  const repeats = slots.at(-1)?.slice(2).includes('...') ?? false;
  const slot = slots[index] ?? (repeats ? slots.at(-1) : undefined);
  const place = positionalPlaces[slot?.[1] ?? ''] ?? nothing;
  return needRunning.has(command.name) && place.subjects?.includes('container')
    ? { ...place, subjects: ['running container'] }
    : place;
}

function commandNames(commands: CommandTable): Candidate[] {
  return Object.entries(commands)
    .filter(([, { hidden }]) => !hidden)
    .map(([value, { summary }]) => ({ value, description: summary }));
}
