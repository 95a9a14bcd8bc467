import type { Project, Service } from '../model/index.ts';

/** Name of a service's replica: `todo-mysql-1`, or what `container_name` says. */
export function containerName(
  project: string,
  service: string,
  number: number,
  definition: Pick<Service, 'container_name'>,
): string {
  return definition.container_name ?? `${project}-${service}-${number}`;
}

/** Name of the image that a service runs: its own, or the one that its build makes. */
export function imageName(project: Project, service: string): string {
  return project.services[service]?.image ?? `${project.name}-${service}`;
}

/** How many replicas the file asks for. */
export function declaredReplicas(definition: Service): number {
  return definition.scale ?? definition.deploy?.replicas ?? 1;
}
