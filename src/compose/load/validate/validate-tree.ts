import type { LoadShared } from '../load-context.ts';
import { nearest } from '../nearest.ts';
import { compilePatterns, type PatternStep, stepInto } from '../path-pattern.ts';
import { type MapNode, type Node, type Place, toPlain } from '../yaml/node.ts';
import { describeFailure } from './describe-failure.ts';
import validate from './generated/compose-validator.cjs';
import knownKeys from './generated/known-keys.cjs';
import type { SchemaError } from './schema-error.ts';

/** A file with more mistakes than this is another kind of file. */
const mostErrors = 500;

/**
 * Checks a merged tree against the schema. Each failure is reported, and what failed is taken out of the tree,
 * so that the phases after this one meet only values of the types they expect.
 */
export function validateTree(root: Node, shared: LoadShared): void {
  if (validate(toPlain(root))) {
    return;
  }
  const refused = new Set<Node>();
  for (const error of validate.errors ?? []) {
    report(root, error, shared, refused);
    if (shared.findings.errorCount > mostErrors) {
      break;
    }
  }
  prune(root, refused);
}

function report(root: Node, error: SchemaError, shared: LoadShared, refused: Set<Node>): void {
  // a key of the wrong form is reported by `additionalProperties` already
  if (error.keyword === 'propertyNames') {
    return;
  }
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const node = path.reduce<Node | undefined>(step, root);
  if (node === undefined) {
    return;
  }
  const { code, message, hint } = describeFailure(path, node, error, hintForKey(path, error));
  const place = blamed(node, error);
  if (error.keyword === 'additionalProperties' && node.kind === 'map') {
    const key = String(error.params.additionalProperty);
    shared.refused.add([...path, key].join('.'));
    // what the misspelled key was meant to give is not missing
    shared.refused.add([...path, nearest(key, keysAt(path)) ?? key].join('.'));
    node.entries.delete(key);
  } else {
    shared.refused.add(path.join('.'));
    if (error.keyword !== 'required' && error.keyword !== 'uniqueItems' && path.length > 0) {
      refused.add(node);
    }
  }
  shared.findings.error(code, message, place, hint === undefined ? {} : { hint });
}

function step(node: Node | undefined, part: string): Node | undefined {
  if (node?.kind === 'map') {
    return node.entries.get(part)?.value;
  }
  return node?.kind === 'seq' ? node.items[Number(part)] : undefined;
}

/** The key for an unknown key, the second of two equal items, else the value. */
function blamed(node: Node, { keyword, params }: SchemaError): Place {
  if (keyword === 'additionalProperties' && node.kind === 'map') {
    return node.entries.get(String(params.additionalProperty))?.key ?? node;
  }
  if (keyword === 'uniqueItems' && node.kind === 'seq') {
    return node.items[Math.max(Number(params.i), Number(params.j))] ?? node;
  }
  return node;
}

function hintForKey(path: readonly string[], { keyword, params }: SchemaError) {
  if (keyword !== 'additionalProperties') {
    return undefined;
  }
  const key = String(params.additionalProperty);
  const guess = nearest(key, keysAt(path));
  if (guess !== undefined) {
    return `Did you mean "${guess}"?`;
  }
  if (path.length === 0 && keysAt(['services', '*']).includes(key)) {
    return `\`${key}\` belongs to a service: indent it below \`services:\` and a service's name.`;
  }
  if (path.length > 0 && keysAt([]).includes(key)) {
    return `\`${key}:\` belongs to the top of the file: take the spaces before it away.`;
  }
  return undefined;
}

/** Keys that the file format knows for a mapping at `path`. */
function keysAt(path: readonly string[]): readonly string[] {
  if (path.length === 0) {
    return knownKeys[''] ?? [];
  }
  const found = path.reduce<PatternStep<readonly string[]> | undefined>(stepInto, keyTable());
  return found?.rule ?? [];
}

let compiledKeys: PatternStep<readonly string[]> | undefined;

/** Compiled at the first unknown key: most files have none. */
function keyTable(): PatternStep<readonly string[]> {
  compiledKeys ??= compilePatterns(knownKeys);
  return compiledKeys;
}

function prune(node: Node, refused: ReadonlySet<Node>): void {
  if (node.kind === 'map') {
    for (const [key, { value }] of [...node.entries]) {
      if (refused.has(value)) {
        (node as MapNode).entries.delete(key);
      } else {
        prune(value, refused);
      }
    }
  } else if (node.kind === 'seq') {
    node.items = node.items.filter((item) => !refused.has(item));
    for (const item of node.items) {
      prune(item, refused);
    }
  }
}
