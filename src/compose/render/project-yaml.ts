import type { Project } from '../model/index.ts';
import { toYaml } from './to-yaml.ts';
import { isUserKeyed } from './user-keyed.ts';

const sections = ['name', 'services', 'networks', 'volumes', 'secrets', 'configs', 'models'];

/** Keys that the model always has and that are left out where they say nothing. */
const emptyWithoutMeaning: Readonly<Record<string, readonly string[]>> = {
  service: ['command', 'entrypoint'],
  network: ['ipam'],
  deploy: ['resources', 'placement'],
};

/** The project as YAML, in the order and with the quoting of Docker Compose; it loads back to the same project. */
export function projectYaml(project: Project): string {
  const ordered: Record<string, unknown> = {};
  const extensions = Object.keys(project).filter((key) => key.startsWith('x-'));
  for (const key of [...sections, ...extensions.sort()]) {
    const value = (project as unknown as Record<string, unknown>)[key];
    if (value !== undefined) {
      ordered[key] = value;
    }
  }
  ordered.services = mapValues(project.services, (service) => {
    const copy = withoutEmpty(service, 'service');
    if (service.deploy !== undefined) {
      copy.deploy = withoutEmpty(service.deploy, 'deploy');
    }
    if (service.develop?.watch !== undefined) {
      copy.develop = { ...service.develop, watch: service.develop.watch.map(withoutEmptyHook) };
    }
    for (const hooks of ['pre_start', 'post_start', 'pre_stop'] as const) {
      if (service[hooks] !== undefined) {
        copy[hooks] = service[hooks].map((hook) => withoutEmpty(hook, 'service'));
      }
    }
    return copy;
  });
  if (project.networks !== undefined) {
    ordered.networks = mapValues(project.networks, (network) => withoutEmpty(network, 'network'));
  }
  return toYaml(ordered, isUserKeyed);
}

/** Any tree of plain data as YAML, all keys sorted: what `--no-interpolate` prints. */
export function plainYaml(value: Readonly<Record<string, unknown>>): string {
  return toYaml(value, () => true);
}

function mapValues<T>(
  record: Readonly<Record<string, T>>,
  change: (value: T) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

function withoutEmpty(value: object, kind: string): Record<string, unknown> {
  const keys = emptyWithoutMeaning[kind] ?? [];
  return Object.fromEntries(
    Object.entries(value).filter(([key, below]) => !(keys.includes(key) && isEmpty(below))),
  );
}

function withoutEmptyHook(trigger: { readonly exec?: object }): object {
  const { exec, ...rest } = trigger;
  const hook = exec === undefined ? {} : withoutEmpty(exec, 'service');
  return isEmpty(hook) ? rest : { ...trigger, exec: hook };
}

function isEmpty(value: unknown): boolean {
  return (
    value === null ||
    (typeof value === 'object' && Object.keys(value).length === 0 && !Array.isArray(value))
  );
}
