import { globalFlags } from './global-flags.ts';
import type { Program } from './main.ts';

/** What `compose --help` prints: usage, global flags, commands with a summary each. */
export function programHelp({ name, description, commands }: Program): string {
  const flags = globalFlags
    .filter(({ hidden }) => !hidden)
    .map(({ flags: text, description: what }): [string, string] => [
      text.startsWith('--') ? `    ${text}` : text,
      what,
    ]);
  const rows = Object.entries(commands)
    .filter(([, { hidden }]) => !hidden)
    .map(([command, { summary }]): [string, string] => [command, summary]);
  return [
    `Usage:  ${name} [OPTIONS] COMMAND`,
    '',
    description,
    '',
    'Options:',
    ...columns(flags),
    '',
    'Commands:',
    ...columns(rows),
    '',
    `Run '${name} COMMAND --help' for more information on a command.`,
    '',
  ].join('\n');
}

function columns(rows: readonly [string, string][]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}   ${right}`);
}
