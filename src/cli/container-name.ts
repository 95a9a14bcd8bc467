import type { ObservedContainer } from '../compose/plan/index.ts';

/** A container's name without its project, as log prefixes have it: `mysql-1`. */
export function shortContainerName({ name, project }: ObservedContainer): string {
  return name.startsWith(`${project}-`) ? name.slice(project.length + 1) : name;
}
