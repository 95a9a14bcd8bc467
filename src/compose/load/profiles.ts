import type { Service } from '../model/index.ts';

type Services = Readonly<Record<string, Service>>;

/** Services that run, and those that no active profile enables. */
export interface EnabledServices {
  readonly enabled: Services;
  readonly disabled: Services;
}

/**
 * Splits services by profile. A service named on the command line is enabled with its profiles, and through
 * them others of the same profiles.
 */
export function enableServices(
  services: Services,
  profiles: readonly string[],
  named: readonly string[],
): EnabledServices {
  const active = new Set(profiles);
  const first = splitByProfile(services, active);
  const wanted = named.filter((name) => Object.hasOwn(first.disabled, name));
  if (wanted.length === 0) {
    return first;
  }
  for (const name of wanted) {
    for (const profile of services[name]?.profiles ?? []) {
      active.add(profile);
    }
  }
  return splitByProfile(services, active);
}

function splitByProfile(services: Services, active: ReadonlySet<string>): EnabledServices {
  const enabled: Record<string, Service> = {};
  const disabled: Record<string, Service> = {};
  for (const [name, service] of Object.entries(services)) {
    const { profiles = [] } = service;
    const isEnabled =
      profiles.length === 0 || active.has('*') || profiles.some((profile) => active.has(profile));
    (isEnabled ? enabled : disabled)[name] = service;
  }
  return { enabled, disabled };
}
