import type { Service } from '../model/index.ts';

/**
 * Other services whose containers this one needs at hand when it is created: `network_mode: service:db`, `pid`, `ipc`,
 * `volumes_from`. Without `container:` references, which are outside the project.
 */
export function referencedServices(definition: Service): string[] {
  const references: string[] = [];
  for (const mode of [definition.network_mode, definition.pid, definition.ipc]) {
    const service = serviceOfMode(mode);
    if (service !== undefined) references.push(service);
  }
  for (const source of definition.volumes_from ?? []) {
    const [kind = ''] = source.split(':');
    if (kind !== 'container') references.push(kind);
  }
  return [...new Set(references)];
}

/** `service:db` → `db`. */
export function serviceOfMode(mode: string | undefined): string | undefined {
  return mode?.startsWith('service:') ? mode.slice('service:'.length) : undefined;
}

/** Services that `links` names: `db:database` → `db`. */
export function linkedServices(definition: Service): string[] {
  return (definition.links ?? []).map((link) => link.split(':')[0] ?? link);
}

/** Every service that must be started before this one. */
export function startsAfter(definition: Service): string[] {
  return [
    ...new Set([
      ...Object.keys(definition.depends_on ?? {}),
      ...referencedServices(definition),
      ...linkedServices(definition),
    ]),
  ];
}
