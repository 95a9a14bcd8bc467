import { readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { AppError } from '../core/index.ts';
import type { GlobalOptions } from './global-flags.ts';
import type { Host } from './host.ts';

const fileNames = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];

/**
 * The project's name without reading YAML: from `-p` or its variable, else from a `name:` line of the compose file,
 * else from the folder. `undefined` where only full loading can tell (a variable in the name, a `.env` that
 * names the project).
 * @throws {AppError} `CLI_FILE_MISSING`
 */
export function cheapProjectName(
  options: Pick<GlobalOptions, 'files' | 'projectName' | 'projectDirectory' | 'envFiles'>,
  host: Pick<Host, 'cwd'>,
): string | undefined {
  if (options.projectName !== undefined) return options.projectName;
  if (options.files.includes('-')) return undefined;
  const files =
    options.files.length > 0
      ? options.files.map((file) => resolve(host.cwd, file))
      : [findComposeFile(host.cwd)];
  const folder =
    options.projectDirectory === undefined
      ? dirname(files[0] ?? host.cwd)
      : resolve(host.cwd, options.projectDirectory);
  if (options.envFiles.length > 0 || setsComposeVariables(join(folder, '.env'))) return undefined;
  let name: string | undefined;
  for (const file of files) {
    const line = topLevelName(readComposeFile(file));
    if (line === 'unclear') return undefined;
    name = line ?? name;
  }
  return name ?? normalizeName(basename(folder));
}

/** True where the compose file plainly has a key for each of the services, as indented mappings have. */
export function fileMentions(
  options: Pick<GlobalOptions, 'files'>,
  host: Pick<Host, 'cwd'>,
  services: Iterable<string>,
): boolean {
  if (options.files.includes('-')) return false;
  const files =
    options.files.length > 0
      ? options.files.map((file) => resolve(host.cwd, file))
      : [findComposeFile(host.cwd)];
  const text = files.map((file) => readComposeFile(file)).join('\n');
  const keys = new Set(
    [...text.matchAll(/^[ \t]+["']?([\w.-]+)["']?[ \t]*:/gm)].map(([, key]) => key),
  );
  return [...services].every((service) => keys.has(service));
}

/** Docker Compose's rule for names made of folders: lower case, only letters, digits, `-` and `_`, a letter or digit first. */
export function normalizeName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '');
}

function findComposeFile(cwd: string): string {
  for (let folder = cwd; ; folder = dirname(folder)) {
    for (const name of fileNames) {
      const path = join(folder, name);
      if (readOptional(path) !== undefined) return path;
    }
    if (dirname(folder) === folder) break;
  }
  throw new AppError('CLI_FILE_MISSING', 'no configuration file provided: not found');
}

function readComposeFile(path: string): string {
  const text = readOptional(path);
  if (text === undefined) {
    throw new AppError('CLI_FILE_MISSING', `open ${path}: no such file or directory`);
  }
  return text;
}

/** The plain value of the file's own `name:` line; `unclear` where it takes a YAML reader or a variable to know it. */
function topLevelName(text: string): string | 'unclear' | undefined {
  const match = /^(?:name|"name"|'name')[ \t]*:(.*)$/m.exec(text);
  if (match === null)
    return /^[{"'?]/m.test(text) || /^include\s*:/m.test(text) ? 'unclear' : undefined;
  const value = (match[1] ?? '').replace(/\s#.*$/, '').trim();
  const plain = /^(?:"([a-z0-9_-]+)"|'([a-z0-9_-]+)'|([a-z0-9_-]+))$/.exec(value);
  return plain?.[1] ?? plain?.[2] ?? plain?.[3] ?? 'unclear';
}

function setsComposeVariables(path: string): boolean {
  return /^\s*(export\s+)?COMPOSE_(PROJECT_NAME|FILE|PATH_SEPARATOR)\b/m.test(
    readOptional(path) ?? '',
  );
}

function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw error;
  }
}
