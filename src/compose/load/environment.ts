import { isAbsolute, join } from 'node:path';
import { type DotenvVariable, parseDotenv } from './dotenv/parse-dotenv.ts';
import type { ComposeFiles } from './files.ts';
import type { Findings } from './findings.ts';
import type { VariableLookup } from './interpolate/template.ts';
import type { FileReader } from './load-result.ts';
import type { Place } from './yaml/node.ts';
import { Source } from './yaml/source.ts';

export interface EnvFileContext {
  readonly files: ComposeFiles;
  readonly findings: Findings;
  /** Variables that count before those of the files. */
  readonly lookup: VariableLookup;
}

/** The variables of several .env files, read in order; a later file's value wins. */
export function readEnvFiles(
  paths: readonly { readonly path: string; readonly place?: Place }[],
  { files, findings, lookup }: EnvFileContext,
): Map<string, DotenvVariable> {
  const variables = new Map<string, DotenvVariable>();
  for (const { path, place } of paths) {
    const before = findings.errorCount;
    const text = files.text(path, place);
    if (text !== undefined) {
      parseDotenv(new Source(path, text), variables, lookup, findings);
    } else if (findings.errorCount === before) {
      findings.error('COMPOSE_ENV_FILE_INVALID', `env file ${path} does not exist`, place);
    }
  }
  return variables;
}

/** A project's variables, with what is needed to say where each came from. */
export class ProjectEnvironment {
  readonly #values = new Map<string, string>();
  readonly #places = new Map<string, Place>();
  readonly #overrode = new Map<string, DotenvVariable>();

  constructor(env: Readonly<Record<string, string | undefined>>) {
    for (const [name, value] of Object.entries(env)) {
      if (value !== undefined) {
        this.#values.set(name, value);
      }
    }
  }

  get values(): ReadonlyMap<string, string> {
    return this.#values;
  }

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  set(name: string, value: string): void {
    this.#values.set(name, value);
  }

  /** Line of the .env file that set the variable; `undefined` for the caller's own environment. */
  placeOf(name: string): Place | undefined {
    return this.#places.get(name);
  }

  /** Adds variables that are not set yet. */
  addMissing(variables: ReadonlyMap<string, DotenvVariable>): void {
    for (const [name, variable] of variables) {
      const isMissing = !this.#values.has(name);
      // The same file may be read again for another folder.
      if (!isMissing && this.#places.get(name)?.source.file === variable.place.source.file) {
        continue;
      }
      if (isMissing) {
        this.#values.set(name, variable.value);
        this.#places.set(name, variable.place);
      }
      const overrode = isMissing ? variable.overrode : variable;
      if (overrode !== undefined && !this.#overrode.has(name)) {
        this.#overrode.set(name, overrode);
      }
    }
  }

  /** The values of .env files that lost to the variable's own, the next one first. */
  overriddenBy(name: string): DotenvVariable[] {
    const lost: DotenvVariable[] = [];
    for (let one = this.#overrode.get(name); one !== undefined; one = one.overrode) {
      lost.push(one);
    }
    return lost;
  }
}

/** Which .env files hold for a project in `workingDir`. */
export function envFilePaths(
  given: readonly string[] | undefined,
  { cwd, workingDir }: { readonly cwd: string; readonly workingDir: string },
  environment: ProjectEnvironment,
  reader: FileReader,
): string[] {
  const names =
    given !== undefined && given.length > 0
      ? given
      : (environment.get('COMPOSE_ENV_FILES') ?? '').split(',').filter((name) => name !== '');
  if (names.length > 0) {
    return names.map((name) => (isAbsolute(name) ? name : join(cwd, name)));
  }
  if (isTrue(environment.get('COMPOSE_DISABLE_ENV_FILE'))) {
    return [];
  }
  const usual = join(workingDir, '.env');
  return reader.kind(usual) === 'file' ? [usual] : [];
}

/** The words that Go takes for true. */
export function isTrue(value: string | undefined): boolean {
  return value !== undefined && ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(value);
}
