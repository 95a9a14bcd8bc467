import { AppError } from '../../core/index.ts';
import type { Project } from '../model/index.ts';
import { startsAfter } from './service-reference.ts';

/**
 * The services that a command is about, each after those that it starts after.
 * @param named  what the user named; all of the project when empty.
 * @throws {AppError} `PROJECT_SERVICE_UNKNOWN`
 */
export function orderedServices(
  project: Project,
  named: readonly string[],
  withDependencies: boolean,
): string[] {
  for (const name of named) {
    if (project.services[name] === undefined) {
      throw new AppError('PROJECT_SERVICE_UNKNOWN', `no such service: ${name}`);
    }
  }
  const wanted = new Set(named.length === 0 ? Object.keys(project.services) : named);
  const ordered = new Set<string>();
  const visit = (name: string, trail: ReadonlySet<string>): void => {
    const definition = project.services[name];
    // Loading has reported cycles and missing services; an optional dependency may be absent.
    if (definition === undefined || ordered.has(name) || trail.has(name)) return;
    const deeper = new Set([...trail, name]);
    for (const dependency of startsAfter(definition).sort()) {
      if (withDependencies || wanted.has(dependency)) visit(dependency, deeper);
    }
    ordered.add(name);
  };
  for (const name of [...wanted].sort()) visit(name, new Set());
  return [...ordered];
}
