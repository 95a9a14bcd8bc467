import { defineCommand } from '../command.ts';
import { CommandContext } from '../context.ts';
import { globalFlags, readGlobalOptions } from '../global-flags.ts';
import type { Program } from '../main.ts';
import { parseGlobalFlags } from '../parse-flags.ts';
import { type Candidate, type Expected, expectedAt } from './expected.ts';
import { splitLine } from './split-line.ts';
import { namesOfSubject } from './subjects.ts';

/**
 * What the shells' scripts ask: `__complete -- WORD...`, or `__complete --line LINE` for bash, which parts words at `=` and `:`
 * and so is given only what follows the last of these. Prints `VALUE<tab>DESCRIPTION` lines, then `:` and what the shell
 * has to do by itself: `files`, `folders`, `nospace`.
 */
export function completeCommand(program: Program) {
  return defineCommand<{ readonly line?: string }>({
    name: '__complete',
    positional: '[WORD...]',
    summary: 'Print what may stand at the end of a command line',
    passThrough: true,
    flags: [{ flags: '--line <text>', description: 'The line up to the cursor' }],
    async run(context, args, { line }) {
      const words = line === undefined ? args : splitLine(line).slice(1);
      const current = words.at(-1) ?? '';
      const expected = await expectedAt(program, words);
      const candidates = await valuesOf(context, expected);
      const kept =
        line === undefined ? 0 : Math.max(...[...':='].map((c) => current.lastIndexOf(c))) + 1;
      const lines = candidates
        .filter(({ value }) => value.startsWith(current))
        .map(({ value, description }) => [value.slice(kept), plain(description)].join('\t'));
      context.out([...lines, `:${directives(expected, current).join(' ')}`, ''].join('\n'));
      return 0;
    },
  });
}

async function valuesOf(context: CommandContext, expected: Expected): Promise<Candidate[]> {
  const { candidates, subjects = [], suffix = '', prefix = '' } = expected;
  const named: Candidate[] = [];
  if (subjects.length > 0) {
    const own = contextOf(context, expected.global);
    for (const subject of subjects) named.push(...(await namesOfSubject(own, subject)));
    await own.close();
  }
  return [
    ...candidates,
    ...named.map(({ value, ...rest }) => ({ value: `${value}${suffix}`, ...rest })),
  ].map(({ value, ...rest }) => ({ value: `${prefix}${value}`, ...rest }));
}

/** The command line's own global flags decide which project is looked at. */
function contextOf(context: CommandContext, global: readonly string[]): CommandContext {
  const { host, program } = context;
  const { flags } = parseGlobalFlags(program, globalFlags, global);
  return new CommandContext(host, readGlobalOptions(flags, host.env), program);
}

function directives({ paths, suffix, prefix }: Expected, current: string): string[] {
  // `web:` is done; what follows is a path in the container, which is not known here.
  const inside = suffix !== undefined && current.includes(suffix);
  return [
    ...(paths === undefined || inside || prefix !== undefined ? [] : [paths]),
    ...(suffix === undefined ? [] : ['nospace']),
  ];
}

/** Names and texts come from compose files and images: nothing in them may reach a terminal as more than text. */
function plain(text = ''): string {
  return text.replace(/\p{Cc}/gu, ' ');
}
