import { posix, resolve } from 'node:path';
import { type BuildOptions, parseGitAddress, type SecretSource } from '../../build/index.ts';
import type { Build, Project } from '../../compose/model/index.ts';
import {
  composeVersion,
  imageName,
  projectLabel,
  serviceLabel,
  versionLabel,
} from '../../compose/plan/index.ts';
import { AppError } from '../../core/index.ts';
import type { LoadedProject } from '../context.ts';
import { parseCacheFrom, parseCacheTo } from './cache-flags.ts';
import { contextService } from './context-services.ts';
import { contextSource, namedSource } from './context-source.ts';
import { keyValues, parseSshFlags } from './flag-values.ts';

/** What the command line changes for every service that it builds. */
export interface BuildFlags {
  readonly buildArgs?: readonly string[];
  readonly noCache?: boolean;
  readonly pull?: boolean;
  readonly ssh?: readonly string[];
  readonly memoryBytes?: number;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * How a service's image is built.
 * @throws {AppError} `BUILD_UNSUPPORTED`, `BUILD_SECRET_MISSING`, … at the key's place in the compose file.
 */
export function serviceBuildOptions(
  loaded: LoadedProject,
  service: string,
  flags: BuildFlags,
  env: Env,
): BuildOptions {
  const { project, workingDir } = loaded;
  const definition = project.services[service];
  const build = definition?.build;
  if (build === undefined) throw new Error(`service ${service} has no build`);
  const reader = new BuildReader(loaded, service, build);
  reader.rejectUnsupported();
  const platform = definition?.platform ?? build.platforms?.[0];
  return {
    context: reader.at('context', () => contextSource(build.context ?? workingDir, workingDir)),
    ...dockerfile(build, reader),
    args: {
      ...argumentsOf(build, loaded.environment),
      ...keyValues(flags.buildArgs ?? [], '--build-arg', env),
    },
    contexts: reader.at('additional_contexts', () => contexts(project, build, workingDir)),
    labels: {
      ...build.labels,
      [projectLabel]: project.name,
      [serviceLabel]: service,
      [versionLabel]: composeVersion,
    },
    tags: [...new Set([...(build.tags ?? []), imageName(project, service)])],
    secrets: secrets(loaded, build, reader),
    ssh: reader.at('ssh', () =>
      parseSshFlags([...(build.ssh ?? []), ...(flags.ssh ?? [])], workingDir, env),
    ),
    extraHosts: (build.extra_hosts ?? []).map((entry) => entry.replace('=', ':')),
    ulimits: Object.entries(build.ulimits ?? {}).map(([name, limit]) =>
      typeof limit === 'number'
        ? { name, soft: limit, hard: limit }
        : { name, soft: limit.soft ?? limit.hard ?? 0, hard: limit.hard ?? limit.soft ?? 0 },
    ),
    noCache: (flags.noCache || build.no_cache) ?? build.no_cache_filter ?? false,
    pull: flags.pull ?? build.pull ?? false,
    cacheFrom: reader.at('cache_from', () =>
      (build.cache_from ?? []).map((text) => parseCacheFrom(text, workingDir)),
    ),
    cacheTo: reader.at('cache_to', () =>
      (build.cache_to ?? []).map((text) => parseCacheTo(text, workingDir)),
    ),
    privileged: build.privileged ?? false,
    entitlements: new Set(build.entitlements ?? []),
    ...(build.target === undefined ? {} : { target: build.target }),
    ...(build.network === undefined ? {} : { network: build.network }),
    ...(build.shm_size === undefined ? {} : { shmSizeBytes: Number(build.shm_size) }),
    ...(flags.memoryBytes === undefined ? {} : { memoryBytes: flags.memoryBytes }),
    ...(platform === undefined ? {} : { platform }),
  };
}

/** Reads the keys of one `build:` and puts failures at their place. */
class BuildReader {
  readonly #loaded: LoadedProject;
  readonly #service: string;
  readonly #build: Build;

  constructor(loaded: LoadedProject, service: string, build: Build) {
    this.#loaded = loaded;
    this.#service = service;
    this.#build = build;
  }

  at<T>(key: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      throw this.#placed(key, error);
    }
  }

  name(): string {
    return this.#loaded.files[0] ?? 'compose.yaml';
  }

  /** What this builder does not do is said, not left out. */
  rejectUnsupported(): void {
    const { isolation, provenance, sbom, platforms = [] } = this.#build;
    const isOff = (value: string | undefined) => value === undefined || value === 'false';
    const findings: readonly (readonly [string, boolean, string])[] = [
      [
        'isolation',
        isolation !== undefined && isolation !== 'default',
        'isolation exists on Windows only',
      ],
      ['provenance', !isOff(provenance), 'attestations are not supported'],
      ['sbom', !isOff(sbom), 'attestations are not supported'],
      [
        'platforms',
        platforms.length > 1,
        "an image for one platform only can be built, this machine's",
      ],
    ];
    for (const [key, applies, why] of findings) {
      if (!applies) continue;
      throw this.#placed(
        key,
        new AppError('BUILD_UNSUPPORTED', `services.${this.#service}.build.${key}: ${why}`),
      );
    }
  }

  #placed(key: string, error: AppError): AppError {
    const range =
      this.#loaded.origins.origin(`services.${this.#service}.build.${key}`) ??
      this.#loaded.origins.origin(`services.${this.#service}.build`);
    if (range === undefined || error.details.range !== undefined) return error;
    return new AppError(error.code, error.message, {
      cause: error,
      exitCode: error.exitCode,
      details: { ...error.details, range },
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
}

function dockerfile(build: Build, reader: BuildReader): Pick<BuildOptions, 'dockerfile'> {
  if (build.dockerfile_inline !== undefined) {
    return {
      dockerfile: {
        kind: 'inline',
        text: build.dockerfile_inline,
        name: `${reader.name()} (dockerfile_inline)`,
      },
    };
  }
  if (build.dockerfile === undefined || build.dockerfile === 'Dockerfile') return {};
  const { context = '.' } = build;
  const isRemote = parseGitAddress(context) !== undefined || /^https?:\/\//.test(context);
  // Loading leaves it as written: it counts from the context.
  const path = isRemote ? posix.normalize(build.dockerfile) : resolve(context, build.dockerfile);
  return { dockerfile: { kind: 'path', path } };
}

/** Arguments without a value take the environment's, and are left out where there is none. */
function argumentsOf(build: Build, environment: Env): Record<string, string> {
  return Object.fromEntries(
    Object.entries(build.args ?? {}).flatMap(([name, value]): [string, string][] => {
      const set = value ?? environment[name];
      return set === undefined ? [] : [[name, set]];
    }),
  );
}

/** `service:x` is the image that service x is built to. */
function contexts(
  project: Project,
  build: Build,
  cwd: string,
): NonNullable<BuildOptions['contexts']> {
  return Object.fromEntries(
    Object.entries(build.additional_contexts ?? {}).map(([name, text]) => {
      const service = contextService(text);
      return service === undefined
        ? [name, namedSource(text, cwd)]
        : [name, { kind: 'image' as const, reference: imageName(project, service) }];
    }),
  );
}

function secrets(
  loaded: LoadedProject,
  build: Build,
  reader: BuildReader,
): Record<string, SecretSource> {
  const { project, variableContents } = loaded;
  return Object.fromEntries(
    (build.secrets ?? []).map(({ source, target, uid, gid, mode }, index) => {
      const id = target || source;
      const owner = {
        ...(uid === undefined ? {} : { uid: Number(uid) }),
        ...(gid === undefined ? {} : { gid: Number(gid) }),
        ...(mode === undefined ? {} : { mode: Number(mode) }),
      };
      const definition = project.secrets?.[source];
      const value = variableContents.get(`secrets.${source}`);
      const { environment: variable } = definition ?? {};
      if (value !== undefined) {
        const from = variable === undefined ? {} : { variable };
        return [id, { kind: 'value', value, ...from, ...owner }];
      }
      if (definition?.file !== undefined) {
        return [id, { kind: 'file', path: definition.file, ...owner }];
      }
      return reader.at(`secrets.${index}`, () => {
        throw secretMissing(source, variable);
      });
    }),
  );
}

function secretMissing(source: string, variable: string | undefined): AppError {
  return variable === undefined
    ? new AppError(
        'BUILD_SECRET_MISSING',
        `secret "${source}" is external: its content is unknown`,
        {
          hint: `Give secrets.${source} a \`file\` or an \`environment\`.`,
        },
      )
    : new AppError(
        'BUILD_SECRET_MISSING',
        `secret "${source}": the variable ${variable} is not set`,
        {
          hint: `Set ${variable}, or give secrets.${source} a \`file\`.`,
        },
      );
}
