import { createHash } from 'node:crypto';
import type { Network, Project, Service, Volume } from '../model/index.ts';
import type { ProvidedFiles } from './provided-files.ts';

/**
 * Version of the form that new containers are labelled with. What an older container was made from is compared in the form of its own
 * label: a form is never changed, a new one is added to {@link forms} and this number raised.
 */
export const configVersion = 1;

/** Service keys that a running container does not depend on: changing one must not recreate it. */
const keysWithoutEffect = [
  'attach',
  'build',
  'depends_on',
  'develop',
  'profiles',
  'pull_policy',
  'pull_refresh_after',
  'scale',
] as const;

/** What a container is made from, as kept in its label; keys sorted, so equal means equal text. */
export interface CanonicalConfig {
  readonly version: number;
  readonly service: Readonly<Record<string, unknown>>;
}

/**
 * The part of a service that decides whether its containers are still right: its keys as loading resolved them,
 * the engine's names of its networks and volumes, and digests of its configs' and secrets' content.
 */
export function canonicalConfig(
  project: Project,
  name: string,
  files: ProvidedFiles,
  version: number = configVersion,
): CanonicalConfig {
  const form = forms[version] ?? firstForm;
  return { version, service: sortKeys(form(project, name, files)) as Record<string, unknown> };
}

/** True for a form that this version can compare in; a label of a newer one tells nothing. */
export function isKnownForm(version: unknown): version is number {
  return typeof version === 'number' && forms[version] !== undefined;
}

type Form = (project: Project, name: string, files: ProvidedFiles) => Record<string, unknown>;

const forms: Readonly<Record<number, Form>> = { 1: firstForm };

function firstForm(project: Project, name: string, files: ProvidedFiles): Record<string, unknown> {
  const service: Record<string, unknown> = { ...(project.services[name] as Service) };
  for (const key of Object.keys(service)) if (key.startsWith('x-')) delete service[key];
  for (const key of keysWithoutEffect) delete service[key];
  const definition = project.services[name] as Service;
  if (definition.deploy !== undefined) {
    const { resources, restart_policy } = definition.deploy;
    delete service.deploy;
    if (resources !== undefined || restart_policy !== undefined) {
      service.deploy = { resources, restart_policy };
    }
  }
  for (const kind of ['configs', 'secrets'] as const) {
    if (definition[kind] === undefined) continue;
    service[kind] = Object.fromEntries(
      definition[kind].map((reference) => [
        reference.source,
        { ...reference, content: `sha256:${files.digestOf(kind, reference)}` },
      ]),
    );
  }
  service.network_names = namesOf(project.networks, Object.keys(definition.networks ?? {}));
  service.volume_names = namesOf(
    project.volumes,
    (definition.volumes ?? []).flatMap(({ type, source }) =>
      type === 'volume' && source !== undefined ? [source] : [],
    ),
  );
  return service;
}

/** The part of a network's or volume's definition that its existing counterpart is compared by. */
export function canonicalResource(definition: Network | Volume): Readonly<Record<string, unknown>> {
  const { labels: _labels, ...rest } = definition as Volume;
  const plain = Object.entries(rest).filter(([key]) => !key.startsWith('x-'));
  return sortKeys(Object.fromEntries(plain)) as Record<string, unknown>;
}

/** SHA-256 over the sorted JSON, 64 hexadecimal digits as Docker Compose's label has them. */
export function configHash(config: unknown): string {
  return createHash('sha256').update(JSON.stringify(config)).digest('hex');
}

function namesOf(
  definitions: Readonly<Record<string, { readonly name: string }>> | undefined,
  keys: readonly string[],
): Record<string, string> | undefined {
  const names = Object.fromEntries(keys.map((key) => [key, definitions?.[key]?.name ?? key]));
  return keys.length === 0 ? undefined : names;
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => part !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, sortKeys(part)]),
  );
}
