import { basename } from 'node:path';
import type { Findings } from './findings.ts';
import { expandTemplate, type VariableLookup } from './interpolate/template.ts';
import { child, type Node, stringOf } from './yaml/node.ts';

/** What a name may come from, strongest first. */
export interface NameSources {
  /** `--project-name` or COMPOSE_PROJECT_NAME. */
  readonly given: string | undefined;
  /** Top-level trees of the project's files. */
  readonly documents: readonly Node[];
  /** Absolute project folder. */
  readonly workingDir: string;
  readonly lookup: VariableLookup;
  readonly interpolate: boolean;
}

/** The project's name: as given, else `name:` of the last file that has one, else the folder's. */
export function projectName(sources: NameSources, findings: Findings): string {
  const { given, documents, workingDir } = sources;
  if (given !== undefined && given !== '') {
    if (normalizeProjectName(given) !== given) {
      findings.error('COMPOSE_PROJECT_NAME_INVALID', `"${given}" is no project name`);
    }
    return given;
  }
  const written = documents.map((document) => child(document, 'name'));
  const node = written.findLast((one) => (stringOf(one) ?? '') !== '');
  const template = stringOf(node) ?? '';
  if (node !== undefined && template !== '') {
    const { text } = sources.interpolate
      ? expandTemplate(template, sources.lookup)
      : { text: template };
    const name = normalizeProjectName(text ?? '');
    if (name === '' && text !== undefined) {
      findings.error(
        'COMPOSE_PROJECT_NAME_INVALID',
        text === '' ? `name: ${template} is empty` : `"${text}" is no project name`,
        node,
      );
    }
    if (name !== '') {
      return name;
    }
  }
  const name = normalizeProjectName(basename(workingDir));
  if (name === '') {
    findings.error(
      'COMPOSE_PROJECT_NAME_INVALID',
      `no project name can be made of the folder ${workingDir}`,
      undefined,
      { hint: 'Give one with `--project-name`, or `name:` in the file.' },
    );
  }
  return name;
}

/** Lower case letters, digits, `-` and `_`, starting with a letter or digit; the rest is left out. */
export function normalizeProjectName(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '');
}
