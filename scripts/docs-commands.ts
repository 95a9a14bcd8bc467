/**
 * What can be read of the commands from their own tables: docs/commands.md, which this writes, and the manual pages, which
 * the build puts into dist/man.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command, CommandTable, Flag } from '../src/cli/command.ts';
import { isGroup } from '../src/cli/command-group.ts';
import { composeCommands } from '../src/cli/compose-commands.ts';
import { coracleCommands } from '../src/cli/coracle-commands.ts';
import { globalFlags } from '../src/cli/global-flags.ts';

/** One command with the words that call it. */
interface Entry {
  readonly name: string;
  readonly command: Command;
}

const programs = [
  {
    name: 'compose',
    about: 'define and run multi-container applications, without Docker',
    commands: composeCommands,
  },
  {
    name: 'coracle',
    about: 'containers, images, networks and volumes of the Coracle runtime',
    commands: coracleCommands,
  },
] as const;

/** The whole of docs/commands.md. */
export async function commandsPage(): Promise<string> {
  const sections: string[] = [];
  for (const { name, about, commands } of programs) {
    sections.push(markdown(name, about, await listCommands(name, commands)));
  }
  const introduction = [
    '# Commands',
    '',
    'Every command and flag, as `--help` has them. This page is made from the tables that parse the command line by `npm run docs`; a test keeps both in step.',
    'The same as manual pages: `man compose`, `man coracle`.',
  ].join('\n');
  return `${[introduction, ...sections].join('\n\n')}\n`;
}

/** File name → manual page. */
export async function manualPages(): Promise<Record<string, string>> {
  const pages: Record<string, string> = {};
  for (const { name, about, commands } of programs) {
    pages[`${name}.1`] = manual(name, about, await listCommands(name, commands));
  }
  return pages;
}

async function listCommands(prefix: string, commands: CommandTable): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const [word, entry] of Object.entries(commands)) {
    if (entry.hidden) continue;
    const command = await entry.load();
    const name = `${prefix} ${word}`;
    if (!isGroup(command)) entries.push({ name, command: { ...command, summary: entry.summary } });
    // The same commands stand at the top level; here they would be told twice.
    else if (word !== 'container') entries.push(...(await listCommands(name, command.commands)));
  }
  return entries;
}

function shown(flags: readonly Flag[]): Flag[] {
  return flags.filter(({ hidden }) => !hidden);
}

function described({ description, choices, default: initial }: Flag): string {
  const extra = [
    ...(choices === undefined ? [] : [`one of ${choices.join(', ')}`]),
    ...(initial === undefined || initial === false || initial === true || initial === ''
      ? []
      : [`default ${initial}`]),
  ];
  return extra.length === 0 ? description : `${description} (${extra.join('; ')})`;
}

function markdown(program: string, about: string, entries: readonly Entry[]): string {
  const flagRows = (flags: readonly Flag[]) =>
    shown(flags).map((flag) => `- \`${flag.flags}\`: ${described(flag).replaceAll('<', '&lt;')}`);
  return [
    `## ${program}`,
    '',
    `${about[0]?.toUpperCase()}${about.slice(1)}. Before the command's name:`,
    '',
    ...flagRows(globalFlags),
    ...entries.flatMap(({ name, command }) => [
      '',
      `### ${name}`,
      '',
      `\`${[name, '[OPTIONS]', command.positional].join(' ').trim()}\``,
      '',
      `${command.summary}.`,
      ...(shown(command.flags).length === 0 ? [] : ['', ...flagRows(command.flags)]),
      ...(command.examples === undefined
        ? []
        : ['', '```console', ...command.examples.map((line) => `$ ${line}`), '```']),
    ]),
  ].join('\n');
}

function manual(program: string, about: string, entries: readonly Entry[]): string {
  const flagLines = (flags: readonly Flag[]) =>
    shown(flags).flatMap((flag) => ['.TP', `.B ${roff(flag.flags)}`, roff(described(flag))]);
  return `${[
    `.TH ${program.toUpperCase()} 1 "" "Coracle" "User Commands"`,
    '.SH NAME',
    `${program} \\- ${roff(about)}`,
    '.SH SYNOPSIS',
    `.B ${program}`,
    '[OPTIONS] COMMAND [ARGS...]',
    '.SH OPTIONS',
    ...flagLines(globalFlags),
    '.SH COMMANDS',
    ...entries.flatMap(({ name, command }) => [
      `.SS ${roff(name.slice(program.length + 1))}`,
      `.B ${roff(name)}`,
      roff(['[OPTIONS]', command.positional].join(' ').trim()),
      '.PP',
      `${roff(command.summary)}.`,
      ...flagLines(command.flags),
      ...(command.examples === undefined
        ? []
        : ['.PP', 'Examples:', '.PP', '.nf', '.RS', ...command.examples.map(roff), '.RE', '.fi']),
    ]),
    '.SH EXIT STATUS',
    '0 where all was done; 1 at a failure; 130 after Ctrl\\-C; what a container exited with where a command stands for it.',
    '.SH FILES',
    '.TP',
    '.I /var/lib/coracle',
    'Images, containers, networks and volumes; CORACLE_DATA names another folder.',
    '.TP',
    '.I /run/coracle',
    'What runs now; CORACLE_RUN names another folder.',
    '.SH SEE ALSO',
    roff(program === 'compose' ? 'coracle(1)' : 'compose(1)'),
  ].join('\n')}\n`;
}

/** Text that roff takes as it is: a dash that can be copied, no macro at the beginning of a line. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(['.])/, '\\&$1');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../docs/commands.md', import.meta.url), await commandsPage());
}
