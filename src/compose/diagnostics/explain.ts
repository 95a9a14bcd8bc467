/** Where the parts of a loaded project came from: `config --explain` and `config --explain-env`. */
import { formatPlace } from '../../core/index.ts';
import {
  type DetailedLoadResult,
  locate,
  type Node,
  type Place,
  rangeOf,
  type ScalarNode,
} from '../load/index.ts';

type ShortenFile = (file: string) => string;

/** Values shown of one mapping or list; the rest is counted. */
const mostLines = 500;

/**
 * One line for each value at and below `path`: what it is, where it was written, what it was before variables
 * were replaced, and the values that it overrode.
 *
 * @returns `undefined` where the project has nothing at `path`.
 */
export function explainPath(
  result: DetailedLoadResult,
  path: string,
  shortenFile: ShortenFile,
): string | undefined {
  if (result.tree === undefined) {
    return undefined;
  }
  const { node, complete } = locate(result.tree, path);
  if (!complete) {
    return undefined;
  }
  const lines: string[] = [];
  explainNode(node, path, '', lines, shortenFile);
  const more = lines.length - mostLines;
  return `${[...lines.slice(0, mostLines), ...(more > 0 ? [`… ${more} more lines`] : [])].join('\n')}\n`;
}

function explainNode(
  node: Node,
  label: string,
  indent: string,
  lines: string[],
  shorten: ShortenFile,
): void {
  const shown = node.kind === 'scalar' ? ` = ${JSON.stringify(node.value)}` : ':';
  lines.push(`${indent}${label}${shown}  (${place(node, shorten)}${template(node)})`);
  for (let over = node.overrode, depth = 0; over !== undefined && depth < 20; depth += 1) {
    lines.push(`${indent}  overrides ${summary(over)}  (${place(over, shorten)})`);
    over = over.overrode;
  }
  if (node.kind === 'map') {
    for (const [key, { value }] of node.entries) {
      explainNode(value, key, `${indent}  `, lines, shorten);
    }
  } else if (node.kind === 'seq') {
    node.items.forEach((item, index) => {
      explainNode(item, `- [${index}]`, `${indent}  `, lines, shorten);
    });
  }
}

function place(at: Place, shorten: ShortenFile): string {
  const range = rangeOf(at);
  return formatPlace({ ...range, file: shorten(range.file) });
}

function template(node: Node): string {
  return node.kind === 'scalar' && node.template !== undefined ? `, from ${node.template}` : '';
}

function summary(node: Node): string {
  if (node.kind === 'scalar') {
    return JSON.stringify(node.value);
  }
  return node.kind === 'map'
    ? `a mapping of ${node.entries.size} keys`
    : `a list of ${node.items.length}`;
}

/** What a variable is, who set it, and every place that uses it. */
export function explainVariable(
  result: DetailedLoadResult,
  name: string,
  shortenFile: ShortenFile,
): string {
  const { projectEnvironment, variables } = result;
  const value = projectEnvironment.get(name);
  const setAt = projectEnvironment.placeOf(name);
  const origin =
    name === 'COMPOSE_PROJECT_NAME' && setAt === undefined
      ? 'set by Compose to the project name'
      : setAt === undefined
        ? 'from the environment'
        : `from ${place(setAt, shortenFile)}`;
  const lines = [
    value === undefined ? `${name} is not set` : `${name} = ${JSON.stringify(value)}  (${origin})`,
  ];
  for (const { value: lost, place: at } of projectEnvironment.overriddenBy(name)) {
    lines.push(`  overrides ${JSON.stringify(lost)}  (${place(at, shortenFile)})`);
  }
  const uses: readonly ScalarNode[] = variables.uses.get(name) ?? [];
  lines.push(...uses.map((use) => `  used in ${String(use.value)}  (${place(use, shortenFile)})`));
  if (uses.length === 0) {
    lines.push('  no file uses it');
  }
  return `${lines.join('\n')}\n`;
}
