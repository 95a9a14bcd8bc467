import type { Project, Service } from '../model/index.ts';
import type { Findings } from './findings.ts';
import { nearest } from './nearest.ts';

type Services = Readonly<Record<string, Service>>;

/** The services named and all that they depend on; dependencies that are not among them are dropped. */
export function selectServices(
  services: Services,
  named: readonly string[],
  findings: Findings,
): Services {
  if (named.length === 0) {
    return services;
  }
  const selected = new Set<string>();
  const queue = [...named];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const service = Object.hasOwn(services, name) ? services[name] : undefined;
    if (service === undefined) {
      if (named.includes(name)) {
        const guess = nearest(name, Object.keys(services));
        findings.error(
          'COMPOSE_SERVICE_UNKNOWN',
          `no such service: ${name}`,
          undefined,
          guess === undefined ? {} : { hint: `Did you mean "${guess}"?` },
        );
      }
      continue;
    }
    if (!selected.has(name)) {
      selected.add(name);
      queue.push(...Object.keys(service.depends_on ?? {}));
    }
  }
  const result: Record<string, Service> = {};
  for (const [name, service] of Object.entries(services)) {
    if (selected.has(name)) {
      result[name] = keepDependencies(service, selected);
    }
  }
  return result;
}

function keepDependencies(service: Service, kept: ReadonlySet<string>): Service {
  const { depends_on: dependencies, ...rest } = service;
  if (dependencies === undefined) {
    return service;
  }
  const entries = Object.entries(dependencies).filter(([name]) => kept.has(name));
  return entries.length === 0 ? rest : { ...service, depends_on: Object.fromEntries(entries) };
}

/** The project without networks, volumes, configs, secrets and models that no service uses. */
export function withoutUnusedResources(project: Project): Project {
  const used = {
    networks: new Set<string>(),
    volumes: new Set<string>(),
    secrets: new Set<string>(),
    configs: new Set<string>(),
    models: new Set<string>(),
  };
  for (const service of Object.values(project.services)) {
    addAll(used.networks, Object.keys(service.networks ?? {}));
    addAll(used.models, Object.keys(service.models ?? {}));
    addAll(
      used.configs,
      (service.configs ?? []).map((one) => one.source),
    );
    addAll(
      used.secrets,
      (service.secrets ?? []).map((one) => one.source),
    );
    addAll(
      used.secrets,
      (service.build?.secrets ?? []).map((one) => one.source),
    );
    for (const mount of service.volumes ?? []) {
      if (mount.type === 'volume' && mount.source !== undefined) {
        used.volumes.add(mount.source);
      }
    }
  }
  const result: Record<string, unknown> = { ...project };
  for (const [section, names] of Object.entries(used)) {
    const resources = project[section as keyof typeof used] ?? {};
    const kept = Object.entries(resources).filter(([name]) => names.has(name));
    if (kept.length === 0) {
      delete result[section];
    } else {
      result[section] = Object.fromEntries(kept);
    }
  }
  return result as unknown as Project;
}

function addAll(set: Set<string>, names: readonly string[]): void {
  for (const name of names) {
    set.add(name);
  }
}
