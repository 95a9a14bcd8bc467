import type { Service } from '../model/index.ts';
import { sortedRecord } from './decode/decoder.ts';
import { type DotenvVariable, parseDotenv } from './dotenv/parse-dotenv.ts';
import type { ComposeFiles } from './files.ts';
import type { Findings } from './findings.ts';
import type { TreeOrigins } from './locate.ts';
import type { Place } from './yaml/node.ts';
import { Source } from './yaml/source.ts';

export interface ServiceFilesContext {
  readonly files: ComposeFiles;
  readonly findings: Findings;
  readonly origins: TreeOrigins;
  readonly environment: ReadonlyMap<string, string>;
}

/** The service with the variables of its `env_file`s under its own `environment`, and those files taken out. */
export function resolveEnvironment(
  name: string,
  service: Service,
  context: ServiceFilesContext,
): Service {
  const { environment: project } = context;
  const own = new Map<string, string | null>();
  for (const [key, value] of Object.entries(service.environment ?? {})) {
    own.set(key, value ?? project.get(key) ?? null);
  }
  const merged = new Map<string, DotenvVariable>();
  (service.env_file ?? []).forEach(({ path, required, format }, index) => {
    const place = context.origins.place(`services.${name}.env_file.${index}.path`);
    if (format !== undefined && format !== 'raw') {
      context.findings.error(
        'COMPOSE_VALUE_INVALID',
        `services.${name}.env_file.${index}.format: unknown format "${format}"`,
        place,
        { hint: 'Leave `format` out, or write `raw`.' },
      );
      return;
    }
    const source = readVariables(path, required !== false, place, context);
    if (source === undefined) {
      return;
    }
    if (format === 'raw') {
      readRaw(source, merged);
      return;
    }
    parseDotenv(
      source,
      merged,
      (variable) => project.get(variable) ?? own.get(variable) ?? undefined,
      context.findings,
    );
  });
  const values = new Map<string, string | null>();
  for (const [key, { value }] of merged) {
    values.set(key, value);
  }
  for (const [key, value] of own) {
    values.set(key, value);
  }
  const environment = values.size === 0 ? undefined : sortedRecord(values);
  return withKey(service, 'environment', environment, 'env_file');
}

/** A copy with `key` set, at its usual place among the others, and the key that it takes in left out. */
function withKey(
  service: Service,
  key: keyof Service,
  value: unknown,
  takesIn: keyof Service,
): Service {
  const copy: Record<string, unknown> = {};
  for (const [name, existing] of Object.entries(service)) {
    if (name !== takesIn && name !== key) {
      copy[name] = existing;
    } else if (value !== undefined) {
      copy[key] = value;
    }
  }
  return copy as Service;
}

/** The service with the labels of its `label_file`s under its own `labels`. */
export function resolveLabels(
  name: string,
  service: Service,
  context: ServiceFilesContext,
): Service {
  const files = service.label_file ?? [];
  if (files.length === 0) {
    return service;
  }
  const labels = new Map<string, DotenvVariable>();
  files.forEach((path, index) => {
    const place = context.origins.place(`services.${name}.label_file.${index}`);
    const source = readVariables(path, true, place, context);
    if (source !== undefined) {
      parseDotenv(source, labels, () => undefined, context.findings);
    }
  });
  const values = new Map<string, string>();
  for (const [key, { value }] of labels) {
    values.set(key, value);
  }
  for (const [key, value] of Object.entries(service.labels ?? {})) {
    values.set(key, value);
  }
  const merged = values.size === 0 ? undefined : sortedRecord(values);
  return withKey(service, 'labels', merged, 'label_file');
}

function readVariables(
  path: string,
  required: boolean,
  place: Place | undefined,
  { files, findings }: ServiceFilesContext,
): Source | undefined {
  const before = findings.errorCount;
  const text = files.text(path, place);
  if (text !== undefined) {
    return new Source(path, text);
  }
  if (required && findings.errorCount === before) {
    findings.error('COMPOSE_ENV_FILE_INVALID', `file ${path} does not exist`, place, {
      hint: 'Create it; a file under `env_file` may be missing with `required: false`.',
    });
  }
  return undefined;
}

/** `format: raw`: everything after the first `=` is the value, quotes and dollar signs included. */
function readRaw(source: Source, into: Map<string, DotenvVariable>): void {
  let start = 0;
  for (const line of source.text.split('\n')) {
    const equals = line.indexOf('=');
    if (equals > 0 && !line.trimStart().startsWith('#')) {
      const place = { source, start, end: start + line.length };
      const value = line.slice(equals + 1).replace(/\r$/, '');
      into.set(line.slice(0, equals).trim(), { value, place });
    }
    start += line.length + 1;
  }
}
