import { dirname, isAbsolute, join } from 'node:path';
import type { Findings } from './findings.ts';
import type { FileReader } from './load-result.ts';

const usualNames = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
const overrideNames = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
];

/** The files that COMPOSE_FILE lists, absolute. */
export function filesFromVariable(
  value: string,
  separator: string | undefined,
  cwd: string,
): string[] {
  return value
    .split(separator === undefined || separator === '' ? ':' : separator)
    .map((file) => absolute(file, cwd));
}

export function absolute(file: string, cwd: string): string {
  return file === '-' || isAbsolute(file) ? file : join(cwd, file);
}

/** The compose file of the nearest folder from `start` upwards, with its override file where there is one. */
export function findComposeFiles(start: string, reader: FileReader, findings: Findings): string[] {
  for (let folder = start; ; folder = dirname(folder)) {
    const file = composeFileIn(folder, reader, findings);
    if (file !== undefined) {
      const override = firstOf(overrideNames, folder, reader, findings);
      return override === undefined ? [file] : [file, override];
    }
    if (dirname(folder) === folder) {
      return [];
    }
  }
}

/** The folder's compose file, without its override. */
export function composeFileIn(
  folder: string,
  reader: FileReader,
  findings: Findings,
): string | undefined {
  return firstOf(usualNames, folder, reader, findings);
}

function firstOf(
  names: readonly string[],
  folder: string,
  reader: FileReader,
  findings: Findings,
): string | undefined {
  const found = names
    .map((name) => join(folder, name))
    .filter((path) => reader.kind(path) !== undefined);
  const [file, ...others] = found;
  if (file !== undefined && others.length > 0) {
    findings.warning(
      'COMPOSE_FILE_NOT_FOUND',
      `several compose files in ${folder}: using ${file}, not ${others.join(', ')}`,
      undefined,
      { hint: 'Remove the others, or name one with `-f`.' },
    );
  }
  return file;
}
