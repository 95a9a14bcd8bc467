import type { DetailedLoadResult, Node, VariableUse } from '../../compose/load/index.ts';
import type { CommandContext } from '../context.ts';
import { formatTable } from '../text/table.ts';
import type { ConfigFlags } from './flags.ts';

/** A variable of the files, as Docker Compose describes it. */
interface ModelVariable {
  readonly Name: string;
  readonly DefaultValue: string;
  readonly PresenceValue: string;
  readonly Required: boolean;
}

/** Docker's tables pad their columns to at least this width. */
const columnWidth = 20;

/** `config --variables`: every variable that the files use, with its default. */
export async function printVariables(
  context: CommandContext,
  result: DetailedLoadResult,
  { format = 'table' }: ConfigFlags,
): Promise<number> {
  const { variablesOf } = await import('../../compose/load/index.ts');
  const found = new Map<string, ModelVariable>();
  for (const text of textsOf(result.tree)) {
    for (const use of variablesOf(text)) {
      found.set(use.name, describe(use));
    }
  }
  const variables = [...found.values()].sort((a, b) => (a.Name < b.Name ? -1 : 1));
  if (format === 'json') {
    const byName = Object.fromEntries(variables.map((one) => [one.Name, one]));
    context.out(`${JSON.stringify(byName, null, 4)}\n`);
  } else if (format === 'yaml') {
    const { stringScalar } = await import('../../compose/render/index.ts');
    const entry = ([key, value]: [string, string | boolean]) =>
      `    ${key.toLowerCase()}: ${typeof value === 'string' ? stringScalar(value, '    ') : value}\n`;
    const text = variables.map((one) => `${one.Name}:\n${Object.entries(one).map(entry).join('')}`);
    context.out(text.length === 0 ? '{}\n' : text.join(''));
  } else {
    const rows = variables.map((one) => [
      one.Name,
      String(one.Required),
      one.DefaultValue,
      one.PresenceValue,
    ]);
    const header = ['NAME', 'REQUIRED', 'DEFAULT VALUE', 'ALTERNATE VALUE'];
    context.out(formatTable(header, rows, columnWidth));
  }
  return 0;
}

function describe({ name, operator = '', argument = '' }: VariableUse): ModelVariable {
  const kind = operator.at(-1);
  return {
    Name: name,
    DefaultValue: kind === '-' ? argument : '',
    PresenceValue: kind === '+' ? argument : '',
    Required: kind === '?',
  };
}

function* textsOf(node: Node | undefined): Generator<string> {
  if (node?.kind === 'scalar') {
    if (typeof node.value === 'string') {
      yield node.value;
    }
  } else if (node?.kind === 'seq') {
    for (const item of node.items) {
      yield* textsOf(item);
    }
  } else if (node !== undefined) {
    for (const { value } of node.entries.values()) {
      yield* textsOf(value);
    }
  }
}
