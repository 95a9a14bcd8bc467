import { resolve } from 'node:path';
import { csvFields, type SecretSource } from '../../build/index.ts';
import { AppError } from '../../core/index.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** `KEY=value` entries; `KEY` alone takes the environment's value, and is left out where there is none. */
export function keyValues(
  entries: readonly string[],
  flag: string,
  env: Env,
): Record<string, string> {
  return Object.fromEntries(
    entries.flatMap((entry): [string, string][] => {
      const equals = entry.indexOf('=');
      if (equals === 0 || entry === '') {
        throw new AppError('CLI_USAGE', `${flag}: "${entry}" has no name`);
      }
      if (equals > 0) return [[entry.slice(0, equals), entry.slice(equals + 1)]];
      const value = env[entry];
      return value === undefined ? [] : [[entry, value]];
    }),
  );
}

/** `id=npm,src=.npmrc`, `id=token,env=TOKEN`. @throws {AppError} `CLI_USAGE` */
export function parseSecretFlag(text: string, cwd: string, env: Env): [string, SecretSource] {
  const fields = new Map(
    csvFields(text).map((field): [string, string] => {
      const equals = field.indexOf('=');
      return equals < 0 ? [field, ''] : [field.slice(0, equals), field.slice(equals + 1)];
    }),
  );
  const fail = (why: string) => new AppError('CLI_USAGE', `--secret "${text}": ${why}`);
  const id = fields.get('id');
  if (!id) throw fail('it has no id');
  for (const key of fields.keys()) {
    if (!/^(id|src|source|env|type)$/.test(key)) throw fail(`unknown key "${key}"`);
  }
  const path = fields.get('src') ?? fields.get('source');
  const variable =
    fields.get('env') ?? (path === undefined && fields.get('type') === 'env' ? id : undefined);
  if (variable !== undefined) {
    const value = env[variable];
    if (value === undefined) throw fail(`the environment has no ${variable}`);
    return [id, { kind: 'value', value }];
  }
  if (path === undefined && env[id] !== undefined) return [id, { kind: 'value', value: env[id] }];
  return [id, { kind: 'file', path: resolve(cwd, path ?? id) }];
}

/** `default`, `default=/path/to/socket`, `id=/path/to/key`. @throws {AppError} `CLI_USAGE` */
export function parseSshFlags(
  entries: readonly string[],
  cwd: string,
  env: Env,
): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => {
      const [id = '', ...path] = entry.split('=');
      if (path.length > 0) return [id, resolve(cwd, path.join('='))];
      const socket = env.SSH_AUTH_SOCK;
      if (socket) return [id, socket];
      throw new AppError(
        'CLI_USAGE',
        `--ssh ${entry}: no agent is running (SSH_AUTH_SOCK is not set)`,
        {
          hint: `Start one with ssh-agent, or name a key: --ssh ${id}=PATH.`,
        },
      );
    }),
  );
}
