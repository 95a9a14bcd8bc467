import type { ErrorCode } from '../../../core/index.ts';
import { type Node, toPlain } from '../yaml/node.ts';
import type { SchemaError } from './schema-error.ts';

export interface FailureText {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** One sentence about a failure of the schema, in the words of the compose file. */
export function describeFailure(
  path: readonly string[],
  node: Node,
  error: SchemaError,
  keyHint: string | undefined,
): FailureText {
  const where = path.length === 0 ? 'the file' : path.join('.');
  const { params } = error;
  switch (error.keyword) {
    case 'type':
      return {
        code: 'COMPOSE_TYPE_MISMATCH',
        message: `${where} must be ${typeNames(params.type)}, got ${describeValue(node)}`,
        hint: typeHint(path, node, params.type),
      };
    case 'additionalProperties':
      return unknownKey(path, String(params.additionalProperty), keyHint);
    case 'required':
      return {
        code: 'COMPOSE_KEY_REQUIRED',
        message: `${where} must have a \`${String(params.missingProperty)}\``,
      };
    case 'enum':
      return {
        code: 'COMPOSE_VALUE_INVALID',
        message: `${where} must be one of ${(params.allowedValues as string[]).join(', ')}; got ${describeValue(node)}`,
      };
    case 'minimum':
    case 'maximum':
      return {
        code: 'COMPOSE_VALUE_INVALID',
        message: `${where} must be at ${error.keyword === 'minimum' ? 'least' : 'most'} ${String(params.limit)}, got ${describeValue(node)}`,
      };
    case 'uniqueItems':
      return {
        code: 'COMPOSE_ITEM_REPEATED',
        message: `${where} has the same item twice: ${describeItem(node, Number(params.i))}`,
        hint: 'Remove one of the two.',
      };
    case 'minLength':
      return { code: 'COMPOSE_VALUE_INVALID', message: `${where} has an empty key` };
    default:
      return {
        code: 'COMPOSE_VALUE_INVALID',
        message: `${where} has a value that is not allowed: ${describeValue(node)}`,
        hint: patternHint(path),
      };
  }
}

function unknownKey(path: readonly string[], key: string, hint: string | undefined): FailureText {
  const section = path[0] ?? '';
  const isName =
    (path.length === 1 && ['services', 'volumes', 'secrets', 'configs'].includes(section)) ||
    path.at(-1) === 'ulimits';
  if (isName) {
    const kind = section.replace(/s$/, '');
    return {
      code: 'COMPOSE_VALUE_INVALID',
      message: `"${key}" is no name for a ${kind}: only letters, digits, "." "_" "-" are allowed`,
    };
  }
  const where = path.length === 0 ? 'at the top of the file' : `in ${path.join('.')}`;
  return {
    code: 'COMPOSE_KEY_UNKNOWN',
    message: `unknown key \`${key}\` ${where}`,
    hint: hint ?? 'Remove the key, or prefix it with `x-` to keep it as an extension.',
  };
}

const names: Readonly<Record<string, string>> = {
  object: 'a mapping',
  array: 'a list',
  string: 'a string',
  integer: 'an integer',
  number: 'a number',
  boolean: 'a boolean',
  null: 'empty',
};

function typeNames(type: unknown): string {
  const all = (Array.isArray(type) ? type : String(type).split(',')).map(
    (name) => names[String(name)] ?? String(name),
  );
  const last = all.pop() ?? '';
  return all.length === 0 ? last : `${all.join(', ')} or ${last}`;
}

/** The value as the message shows it; text that came from variables together with what was written. */
function describeValue(node: Node): string {
  if (node.kind === 'map') {
    return 'a mapping';
  }
  if (node.kind === 'seq') {
    return 'a list';
  }
  if (node.value === null) {
    return 'nothing';
  }
  const text = String(node.value);
  const shown = JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
  const kind = typeof node.value === 'string' ? shown : `the ${typeof node.value} ${text}`;
  return node.template === undefined ? kind : `${kind} (from ${node.template})`;
}

function describeItem(node: Node, index: number): string {
  const item = node.kind === 'seq' ? node.items[index] : undefined;
  return item === undefined ? '' : JSON.stringify(toPlain(item));
}

function typeHint(path: readonly string[], node: Node, type: unknown): string | undefined {
  const wanted = Array.isArray(type) ? type : String(type).split(',');
  if (node.kind === 'scalar' && wanted.includes('string') && typeof node.value !== 'string') {
    return node.value === null
      ? 'Give it a value, or remove the key.'
      : `Put it in quotes: "${String(node.value)}".`;
  }
  if (node.kind === 'seq' && wanted.includes('object') && !wanted.includes('array')) {
    return 'Write `key: value` lines without dashes.';
  }
  if (node.kind === 'map' && wanted.includes('array') && !wanted.includes('object')) {
    return 'Start each line with a dash.';
  }
  if (node.kind === 'map' && path.includes('environment')) {
    return 'A variable has one value; check the indentation.';
  }
  return undefined;
}

function patternHint(path: readonly string[]): string | undefined {
  switch (path.at(-1)) {
    case 'pull_policy':
      return 'Write always, never, missing, build, daily, weekly or every_<duration>.';
    case 'container_name':
      return 'Start it with a letter or digit; at least two characters.';
    case 'gpus':
      return 'Write `all`, or a list of requests.';
    default:
      return undefined;
  }
}
