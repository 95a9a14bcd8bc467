import type { ObservedContainer } from './observed.ts';

/** `depends_on` with `restart: true`: dependants go along, transitively. */
export function withRestartedDependants(
  named: readonly ObservedContainer[],
  all: readonly ObservedContainer[],
): ObservedContainer[] {
  const services = new Set(named.map(({ service }) => service));
  for (let size = -1; size !== services.size; ) {
    size = services.size;
    for (const { service, dependsOn } of all) {
      if (dependsOn.some((on) => on.restart && services.has(on.service))) services.add(service);
    }
  }
  return all.filter(({ service, oneoff }) => !oneoff && services.has(service));
}
