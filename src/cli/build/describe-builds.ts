import { join } from 'node:path';
import {
  type BuildOptions,
  type CachePlace,
  type ContextSource,
  type Linted,
  lintDockerfile,
} from '../../build/index.ts';
import type { Project } from '../../compose/model/index.ts';
import type { CommandContext, LoadedProject } from '../context.ts';
import { neededBuilds } from './build-order.ts';
import { contextService, withContextServices } from './context-services.ts';
import { type BuildFlags, serviceBuildOptions } from './service-options.ts';

/**
 * The builds of services as a bake file, as `docker compose build --print` writes it: also of those whose images they take as contexts.
 * @throws {AppError} as building does, for what the compose file says.
 */
export async function bakeFile(
  context: CommandContext,
  asked: LoadedProject,
  services: readonly string[],
  flags: BuildFlags,
) {
  const loaded = await withContextServices(context, asked);
  const names = neededBuilds(loaded.project, services);
  const targets = names.sort().map((service): [string, object] => {
    const options = serviceBuildOptions(loaded, service, flags, context.host.env);
    return [service, bakeTarget(options, serviceContexts(loaded.project, service))];
  });
  return { group: { default: { targets: names } }, target: Object.fromEntries(targets) };
}

/** Reads every Dockerfile, for `--check`. @throws {AppError} `BUILD_DOCKERFILE_…` at the place of the first mistake. */
export async function lintServices(
  context: CommandContext,
  asked: LoadedProject,
  services: readonly string[],
  flags: BuildFlags,
): Promise<Linted[]> {
  const loaded = await withContextServices(context, asked);
  return services.map((service) =>
    lintDockerfile(serviceBuildOptions(loaded, service, flags, context.host.env), context.roots),
  );
}

/** Contexts that are other targets of the same file. */
function serviceContexts({ services }: Project, service: string): Record<string, string> {
  const contexts = Object.entries(services[service]?.build?.additional_contexts ?? {});
  return Object.fromEntries(
    contexts.flatMap(([name, text]): [string, string][] => {
      const other = contextService(text);
      return other === undefined ? [] : [[name, `target:${other}`]];
    }),
  );
}

function bakeTarget(options: BuildOptions, serviceContexts: Readonly<Record<string, string>>) {
  const { args, labels, tags, target, network, noCache, pull, platform, shmSizeBytes } = options;
  const contexts = {
    ...mapValues(options.contexts ?? {}, contextText),
    ...serviceContexts,
  };
  const secret = Object.entries(options.secrets ?? {}).map(([id, source]) =>
    source.kind === 'file'
      ? `id=${id},type=file,src=${source.path}`
      : `id=${id},type=env,env=${source.variable ?? id}`,
  );
  const ulimits = (options.ulimits ?? []).map(({ name, soft, hard }) =>
    soft === hard ? `${name}=${soft}` : `${name}=${soft}:${hard}`,
  );
  return withoutEmpty({
    context: contextText(options.context),
    contexts,
    ...dockerfileKeys(options),
    args,
    labels,
    tags,
    'cache-from': options.cacheFrom?.map((place) => cacheText(place, 'src')),
    'cache-to': options.cacheTo?.map(
      ({ place, mode }) => `${cacheText(place, 'dest')}${mode === 'max' ? ',mode=max' : ''}`,
    ),
    target,
    secret,
    ssh: Object.entries(options.ssh ?? {}).map(([id, path]) => `${id}=${path}`),
    platforms: platform === undefined ? undefined : [platform],
    pull: pull || undefined,
    'no-cache': noCache === true || undefined,
    'no-cache-filter': Array.isArray(noCache) ? noCache : undefined,
    network,
    'shm-size': shmSizeBytes === undefined ? undefined : String(shmSizeBytes),
    ulimits,
    entitlements: [...(options.entitlements ?? [])],
    'extra-hosts': Object.fromEntries(
      (options.extraHosts ?? []).map((entry) => {
        const colon = entry.indexOf(':');
        return [entry.slice(0, colon), entry.slice(colon + 1)];
      }),
    ),
    output: ['type=docker'],
  });
}

function dockerfileKeys({ dockerfile, context }: BuildOptions) {
  if (dockerfile?.kind === 'inline') return { 'dockerfile-inline': dockerfile.text };
  if (dockerfile !== undefined) return { dockerfile: dockerfile.path };
  const isFolder = context.kind === 'folder';
  return { dockerfile: isFolder ? join(context.path, 'Dockerfile') : 'Dockerfile' };
}

function cacheText(place: CachePlace, key: 'src' | 'dest'): string {
  if (place.kind === 'registry') return `type=registry,ref=${place.reference}`;
  return `type=local,${key}=${place.path}${place.tag === 'latest' ? '' : `,tag=${place.tag}`}`;
}

function mapValues<T, R>(record: Readonly<Record<string, T>>, map: (value: T) => R) {
  return Object.fromEntries(
    Object.entries(record).map(([key, value]): [string, R] => [key, map(value)]),
  );
}

/** Without what is undefined, and without empty lists and objects. */
function withoutEmpty(target: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(target).filter(
      ([, value]) =>
        value !== undefined &&
        (typeof value !== 'object' || Object.keys(value as object).length > 0),
    ),
  );
}

function contextText(source: ContextSource): string {
  switch (source.kind) {
    case 'folder':
      return source.path;
    case 'image':
      return `docker-image://${source.reference}`;
    case 'oci-layout': {
      const { path, tag, digest } = source;
      return `oci-layout://${path}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
    }
    case 'archive':
      return String(source.archive);
    default:
      return source.url;
  }
}
