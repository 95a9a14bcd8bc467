import type { Project } from '../model/index.ts';
import { isUserKeyed } from './user-keyed.ts';

/**
 * The project as Docker Compose prints it with `--format json`: extensions below the top level and models
 * are not part of that format.
 */
export function projectJson(project: Project): string {
  return `${JSON.stringify(jsonProject(project), null, 2)}\n`;
}

/** Any tree of plain data as JSON, all keys sorted: what `--no-interpolate` prints. */
export function plainJson(value: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(sorted(value), null, 2)}\n`;
}

function jsonProject({ models: _models, ...project }: Project): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(project).sort(([a], [b]) => (a < b ? -1 : 1))) {
    result[key] = key.startsWith('x-') ? sorted(value) : withoutExtensions(value, [key]);
  }
  return result;
}

/** Go's encoder sorts the keys of maps. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, below]) => [key, sorted(below)]),
  );
}

/** A copy without the `x-…` keys that are extensions; `path` says which are not. */
export function withoutExtensions(value: unknown, path: readonly string[]): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => withoutExtensions(item, [...path, '-']));
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const keepsAll = isUserKeyed(path);
  const copy: Record<string, unknown> = {};
  const names = isBlkioItem(path) ? blkioNames : undefined;
  for (const [key, below] of Object.entries(value)) {
    if (keepsAll || !key.startsWith('x-')) {
      copy[names?.[key] ?? key] = withoutExtensions(below, [...path, key]);
    }
  }
  return copy;
}

/** Docker Compose's JSON has these keys with capitals, its YAML has not. */
const blkioNames: Readonly<Record<string, string>> = {
  path: 'Path',
  rate: 'Rate',
  weight: 'Weight',
};

function isBlkioItem(path: readonly string[]): boolean {
  return path.length === 5 && path[0] === 'services' && path[2] === 'blkio_config';
}
