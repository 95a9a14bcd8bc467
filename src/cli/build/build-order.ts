import { type BuildOptions, imagesNamed } from '../../build/index.ts';
import type { Project } from '../../compose/model/index.ts';
import { AppError } from '../../core/index.ts';
import { contextService } from './context-services.ts';
import { familiarTag } from './familiar-tag.ts';

/**
 * For each service those whose images its own build needs: it names them as `service:x` in `additional_contexts`, or its Dockerfile
 * names the image that they are built to.
 * @throws {AppError} `BUILD_UNSUPPORTED` for builds that need each other.
 */
export function buildDependencies(
  project: Project,
  options: ReadonlyMap<string, BuildOptions>,
): Map<string, Set<string>> {
  const byTag = new Map<string, string>();
  for (const [service, { tags = [] }] of options) {
    for (const tag of tags) byTag.set(familiarTag(tag), service);
  }
  const dependencies = new Map<string, Set<string>>();
  for (const [service, own] of options) {
    const contexts = Object.values(project.services[service]?.build?.additional_contexts ?? {});
    const named = [
      ...contexts.flatMap((text) => contextService(text) ?? []),
      ...imagesNamed(own).flatMap((image) => byTag.get(familiarTag(image)) ?? []),
    ];
    // A service may be built upon an older image of its own name.
    const others = named.filter((name) => name !== service && options.has(name));
    dependencies.set(service, new Set(others));
  }
  checkCycles(dependencies);
  return dependencies;
}

/** Services that have to be built before others although nobody named them. */
export function neededBuilds(project: Project, services: readonly string[]): string[] {
  const needed = new Set<string>();
  const visit = (service: string) => {
    const build = project.services[service]?.build;
    if (build === undefined || needed.has(service)) return;
    needed.add(service);
    for (const text of Object.values(build.additional_contexts ?? {})) {
      const other = contextService(text);
      if (other !== undefined) visit(other);
    }
  };
  for (const service of services) visit(service);
  return [...needed];
}

function checkCycles(dependencies: ReadonlyMap<string, ReadonlySet<string>>): void {
  const done = new Set<string>();
  const visit = (service: string, trail: readonly string[]) => {
    if (trail.includes(service)) {
      const cycle = [...trail.slice(trail.indexOf(service)), service].join(' → ');
      throw new AppError('BUILD_UNSUPPORTED', `builds need each other: ${cycle}`, {
        hint: 'Take one of them out of the circle.',
      });
    }
    if (done.has(service)) return;
    for (const other of dependencies.get(service) ?? []) visit(other, [...trail, service]);
    done.add(service);
  };
  for (const service of dependencies.keys()) visit(service, []);
}
