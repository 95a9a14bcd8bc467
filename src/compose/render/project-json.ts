import type { Project } from '../model/index.ts';

/** Mappings whose keys the user chooses: an `x-…` key there is one of them, not an extension. */
const userKeyed = new Set([
  'services',
  'networks',
  'volumes',
  'configs',
  'secrets',
  'models',
  'depends_on',
  'environment',
  'labels',
  'annotations',
  'args',
  'driver_opts',
  'options',
  'sysctls',
  'storage_opt',
  'ulimits',
  'additional_contexts',
  'aux_addresses',
]);

/**
 * The project as Docker Compose prints it with `--format json`: extensions below the top level and models
 * are not part of that format.
 */
export function projectJson(project: Project): string {
  return `${JSON.stringify(jsonProject(project), null, 2)}\n`;
}

function jsonProject({ models: _models, ...project }: Project): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(project).sort(([a], [b]) => (a < b ? -1 : 1))) {
    result[key] = key.startsWith('x-') ? value : withoutExtensions(value, userKeyed.has(key));
  }
  return result;
}

function withoutExtensions(value: unknown, isUserKeyed: boolean): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => withoutExtensions(item, false));
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const entries = Object.entries(value)
    .filter(([key]) => isUserKeyed || !key.startsWith('x-'))
    .map(([key, below]) => [key, withoutExtensions(below, !isUserKeyed && userKeyed.has(key))]);
  return Object.fromEntries(entries);
}
