import type { Project, Service } from '../model/index.ts';

/** What names are made from. */
export type NamedProject = Pick<Project, 'name' | 'compatibility'>;

/** A name of the project's: `todo-mysql-1`, or `todo_mysql_1` as Compose 1 made them. */
export function joinedName(
  { name, compatibility }: NamedProject,
  ...parts: readonly (string | number)[]
): string {
  return [name, ...parts].join(compatibility ? '_' : '-');
}

/** Name of a service's replica: `todo-mysql-1`, or what `container_name` says. */
export function containerName(
  project: NamedProject,
  service: string,
  number: number,
  definition: Pick<Service, 'container_name'>,
): string {
  return definition.container_name ?? joinedName(project, service, number);
}

/** Name of the image that a service runs: its own, or the one that its build makes. */
export function imageName(project: Project, service: string): string {
  return project.services[service]?.image ?? joinedName(project, service);
}

/** How many replicas the file asks for. */
export function declaredReplicas(definition: Service): number {
  return definition.scale ?? definition.deploy?.replicas ?? 1;
}
