import type { Token } from './ast.ts';
import { dockerfileError } from './dockerfile-error.ts';
import type { RunMount } from './instructions.ts';

/** Options of `RUN --mount` by type; the aliases of an option stand behind it. */
const options: Readonly<Record<RunMount['type'], readonly string[]>> = {
  bind: ['target', 'source', 'from', 'readwrite', 'readonly'],
  cache: [
    'id',
    'target',
    'readwrite',
    'readonly',
    'sharing',
    'from',
    'source',
    'mode',
    'uid',
    'gid',
  ],
  tmpfs: ['target', 'size'],
  secret: ['id', 'target', 'required', 'mode', 'uid', 'gid', 'env'],
  ssh: ['id', 'target', 'required', 'mode', 'uid', 'gid'],
};

const aliases: Readonly<Record<string, string>> = {
  dst: 'target',
  destination: 'target',
  src: 'source',
  rw: 'readwrite',
  ro: 'readonly',
};

const booleans = new Set(['readwrite', 'readonly', 'required']);

/**
 * Reads `type=cache,target=/root/.npm,sharing=locked`; the type is `bind` where none is given.
 * @throws {AppError} `BUILD_DOCKERFILE_INVALID`
 */
export function readMount({ text, range }: Token): RunMount {
  const given: Record<string, string> = {};
  for (const field of csvFields(text)) {
    const equals = field.indexOf('=');
    const word = (equals < 0 ? field : field.slice(0, equals)).toLowerCase();
    const key = aliases[word] ?? word;
    if (equals < 0 && !booleans.has(key)) {
      throw dockerfileError(range, `invalid field "${field}": it must be a key=value pair`);
    }
    const value = equals < 0 ? 'true' : field.slice(equals + 1);
    if (booleans.has(key) && !/^(true|false|1|0)$/i.test(value)) {
      throw dockerfileError(range, `invalid value for ${word}: ${value}`);
    }
    given[key] = booleans.has(key) ? String(/^(true|1)$/i.test(value)) : value;
  }
  const { type = 'bind', ...rest } = given;
  if (!Object.hasOwn(options, type)) {
    throw dockerfileError(range, `unsupported mount type "${type}"`, {
      hint: `Use ${Object.keys(options).join(', ')}.`,
    });
  }
  const kind = type as RunMount['type'];
  for (const key of Object.keys(rest)) {
    if (options[kind].includes(key)) continue;
    throw dockerfileError(range, `a mount of type ${kind} has no option "${key}"`, {
      hint: `It takes ${options[kind].join(', ')}.`,
    });
  }
  check(kind, rest, (message) => dockerfileError(range, message));
  return { type: kind, options: rest, range };
}

function check(
  type: RunMount['type'],
  given: Readonly<Record<string, string>>,
  fail: (message: string) => Error,
): void {
  const needsTarget = type === 'bind' || type === 'cache' || type === 'tmpfs';
  if (needsTarget && !given.target) throw fail(`a mount of type ${type} needs a target`);
  if (type === 'secret' && !given.id && !given.target) {
    throw fail('a mount of type secret needs an id or a target');
  }
  if (given.sharing !== undefined && !/^(shared|private|locked)$/.test(given.sharing)) {
    throw fail(`unsupported sharing value "${given.sharing}": use shared, private or locked`);
  }
  for (const key of ['uid', 'gid', 'mode']) {
    const value = given[key];
    const pattern = key === 'mode' ? /^0?[0-7]{1,4}$/ : /^\d+$/;
    // A variable is looked at when it has been replaced.
    if (value !== undefined && !value.includes('$') && !pattern.test(value)) {
      throw fail(`invalid ${key} "${value}"`);
    }
  }
}

/** Fields between commas; a field in double quotes may hold commas, a doubled quote is one. */
export function csvFields(text: string): string[] {
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === '"' && quoted && text.charAt(at + 1) === '"') {
      field += char;
      at += 1;
    } else if (char === '"') quoted = !quoted;
    else if (char === ',' && !quoted) {
      fields.push(field);
      field = '';
    } else field += char;
  }
  return [...fields, field].map((one) => one.trim()).filter((one) => one !== '');
}
