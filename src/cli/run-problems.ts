import { existsSync } from 'node:fs';
import type { LoadResult, Origins } from '../compose/load/index.ts';
import type { Project } from '../compose/model/index.ts';
import { type Diagnostic, type ErrorCode, errorCodes, isAppError } from '../core/index.ts';
import { parseReference } from '../image/index.ts';
import { DiagnosticsError } from './diagnostics-error.ts';

/**
 * The findings of files that do not load, and with them what would keep the services from running once they do: image
 * names that are none, bind sources that are missing. One run tells all there is to mend.
 */
export function withRunProblems({ draft, diagnostics, origins }: LoadResult): Diagnostic[] {
  if (draft === undefined) return [...diagnostics];
  const told = new Set(diagnostics.map(placeKey));
  // What a variable without a value has left in the draft is no name.
  const further = [...badImageNames(draft, origins), ...missingSources(draft, origins)].filter(
    (one) => one.range !== undefined && !told.has(placeKey(one)),
  );
  return [...diagnostics, ...further].sort(byPlace);
}

/** @throws {DiagnosticsError}  for image names that are none, each at its place. */
export function checkImageNames(project: Project, origins: Origins): void {
  const found = badImageNames(project, origins);
  if (found.length > 0) throw new DiagnosticsError(found);
}

function badImageNames({ services }: Project, origins: Origins): Diagnostic[] {
  return Object.entries(services).flatMap(([name, service]) => {
    // A draft has what the file has.
    const image: unknown = service?.image;
    const problem = typeof image === 'string' && image !== '' ? referenceProblem(image) : undefined;
    if (problem === undefined) return [];
    const message = `service "${name}": ${problem}`;
    return [finding('IMAGE_REFERENCE_INVALID', message, origins, `services.${name}.image`)];
  });
}

function missingSources({ services }: Project, origins: Origins): Diagnostic[] {
  return Object.entries(services).flatMap(([name, service]) =>
    (service?.volumes ?? []).flatMap((volume, index) => {
      const { type, source, bind } = volume ?? {};
      if (type !== 'bind' || source === undefined || bind?.create_host_path) return [];
      if (existsSync(source)) return [];
      const path = `services.${name}.volumes.${index}.source`;
      const message = `service "${name}": bind source does not exist: ${source}`;
      return [finding('PROJECT_BIND_SOURCE_MISSING', message, origins, path)];
    }),
  );
}

function finding(code: ErrorCode, message: string, origins: Origins, path: string): Diagnostic {
  const range = origins.origin(path);
  const { hint } = errorCodes[code];
  return { code, severity: 'error', message, hint, ...(range === undefined ? {} : { range }) };
}

function referenceProblem(text: string): string | undefined {
  try {
    parseReference(text);
    return undefined;
  } catch (error) {
    if (isAppError(error, 'IMAGE_REFERENCE_INVALID')) return error.message;
    throw error;
  }
}

function placeKey({ range }: Diagnostic): string {
  return JSON.stringify(range?.start) + range?.file;
}

/** Within a file by line; files stay in the order in which they were read. */
function byPlace(a: Diagnostic, b: Diagnostic): number {
  if (a.range === undefined || b.range === undefined || a.range.file !== b.range.file) return 0;
  const [x, y] = [a.range.start, b.range.start];
  return x.line - y.line || x.column - y.column;
}
