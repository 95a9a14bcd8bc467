/** What must fit together across a project: names that are referred to, keys that exclude each other, cycles. */
import type { Project, Service } from '../../model/index.ts';
import type { Findings } from '../findings.ts';
import type { TreeOrigins } from '../locate.ts';
import { nearest } from '../nearest.ts';
import { reportCycles } from './dependency-cycle.ts';

export interface ConsistencyContext {
  readonly findings: Findings;
  readonly origins: TreeOrigins;
  /** Services that no profile enables. */
  readonly disabled: Readonly<Record<string, Service>>;
  /** Paths that were refused before; what follows from them is not reported again. */
  readonly refused: ReadonlySet<string>;
}

/** Reports every contradiction of the enabled part of a project. */
export function checkConsistency(project: Project, context: ConsistencyContext): void {
  for (const [name, service] of Object.entries(project.services)) {
    new ServiceCheck(name, service, project, context).run();
  }
  for (const [name, secret] of Object.entries(project.secrets ?? {})) {
    const hasContent = secret.file !== undefined || secret.environment !== undefined;
    if (secret.external !== true && !hasContent && !isRefused(`secrets.${name}`, context)) {
      context.findings.error(
        'COMPOSE_KEY_REQUIRED',
        `secret "${name}" must have \`file\` or \`environment\``,
        context.origins.keyPlace(`secrets.${name}`),
      );
    }
  }
  checkContainerNames(project, context);
  reportCycles(project, context);
}

/** True where something at or below `path` was refused. */
function isRefused(path: string, { refused }: ConsistencyContext): boolean {
  // with this much wrong, what follows from it is not worth telling apart
  if (refused.size > 500) {
    return true;
  }
  for (const one of refused) {
    if (one === path || one.startsWith(`${path}.`) || path.startsWith(`${one}.`)) {
      return true;
    }
  }
  return false;
}

function checkContainerNames(project: Project, { findings, origins }: ConsistencyContext): void {
  const owners = new Map<string, string>();
  for (const [name, { container_name: containerName }] of Object.entries(project.services)) {
    if (containerName === undefined) {
      continue;
    }
    const owner = owners.get(containerName);
    if (owner === undefined) {
      owners.set(containerName, name);
      continue;
    }
    const other = origins.place(`services.${owner}.container_name`);
    findings.error(
      'COMPOSE_CONFLICT',
      `services.${name}.container_name "${containerName}" is already the name of service "${owner}"`,
      origins.place(`services.${name}.container_name`),
      other === undefined ? {} : { related: [{ message: 'the other one', place: other }] },
    );
  }
}

class ServiceCheck {
  readonly #name: string;
  readonly #service: Service;
  readonly #project: Project;
  readonly #context: ConsistencyContext;

  constructor(name: string, service: Service, project: Project, context: ConsistencyContext) {
    this.#name = name;
    this.#service = service;
    this.#project = project;
    this.#context = context;
  }

  run(): void {
    this.#image();
    this.#build();
    this.#networks();
    this.#healthcheck();
    this.#dependencies();
    this.#resources();
    this.#numbers();
    this.#watch();
    this.#mountTargets();
  }

  #error(
    code: Parameters<Findings['error']>[0],
    message: string,
    key: string,
    hint?: string,
  ): void {
    const { findings, origins } = this.#context;
    const path = `services.${this.#name}${key === '' ? '' : `.${key}`}`;
    const place = key === '' ? origins.keyPlace(path) : origins.place(path);
    findings.error(code, message, place, hint === undefined ? {} : { hint });
  }

  #image(): void {
    const { build, image, provider } = this.#service;
    const path = `services.${this.#name}`;
    const mayHaveHadOne = ['image', 'build', 'provider', 'extends'].some((key) =>
      isRefused(`${path}.${key}`, this.#context),
    );
    if (build === undefined && image === undefined && provider === undefined && !mayHaveHadOne) {
      this.#error(
        'COMPOSE_SERVICE_INCOMPLETE',
        `service "${this.#name}" has neither an image nor a build`,
        '',
        'Add `image:` or `build:` to it.',
      );
    }
  }

  #build(): void {
    const { build, platform } = this.#service;
    if (build === undefined) {
      return;
    }
    if (build.dockerfile !== undefined && build.dockerfile_inline !== undefined) {
      this.#error(
        'COMPOSE_CONFLICT',
        `service "${this.#name}" has both \`dockerfile\` and \`dockerfile_inline\``,
        'build.dockerfile_inline',
      );
    }
    for (const [context, source] of Object.entries(build.additional_contexts ?? {})) {
      if (source.startsWith('service:')) {
        this.#contextService(context, source.slice('service:'.length));
      }
    }
    const platforms = build.platforms ?? [];
    if (platform !== undefined && platforms.length > 0 && !platforms.includes(platform)) {
      this.#error(
        'COMPOSE_CONFLICT',
        `services.${this.#name}.build.platforms must include the service's platform "${platform}"`,
        'build.platforms',
      );
    }
  }

  #contextService(context: string, target: string): void {
    const key = `build.additional_contexts.${context}`;
    const service = this.#project.services[target];
    if (service === undefined) {
      this.#undefinedReference('service', target, key, this.#project.services);
    } else if (service.build === undefined) {
      this.#error(
        'COMPOSE_CONFLICT',
        `services.${this.#name}.${key}: service "${target}" has no build`,
        key,
      );
    }
  }

  #networks(): void {
    const { network_mode: mode, networks = {} } = this.#service;
    if (mode !== undefined && Object.keys(networks).length > 0) {
      this.#error(
        'COMPOSE_CONFLICT',
        `service "${this.#name}" has both \`network_mode\` and \`networks\``,
        'network_mode',
        'Keep one of the two.',
      );
    }
    for (const network of Object.keys(networks)) {
      this.#refer('network', network, `networks.${network}`, this.#project.networks);
    }
    const shared = mode?.startsWith('service:') ? mode.slice('service:'.length) : undefined;
    if (shared !== undefined) {
      this.#refer('service', shared, 'network_mode', this.#project.services);
    }
  }

  #healthcheck(): void {
    const first = this.#service.healthcheck?.test?.[0];
    if (first !== undefined && !['CMD', 'CMD-SHELL', 'NONE'].includes(first)) {
      this.#error(
        'COMPOSE_VALUE_INVALID',
        `services.${this.#name}.healthcheck.test must start with CMD, CMD-SHELL or NONE, got "${first}"`,
        'healthcheck.test',
        'Write ["CMD", "program", "argument"], or a string for the shell.',
      );
    }
  }

  #dependencies(): void {
    for (const [target, { required }] of Object.entries(this.#service.depends_on ?? {})) {
      if (Object.hasOwn(this.#project.services, target)) {
        continue;
      }
      const disabled = this.#context.disabled[target];
      if (disabled === undefined) {
        this.#refer('service', target, `depends_on.${target}`, this.#project.services);
      } else if (required) {
        this.#error(
          'COMPOSE_REFERENCE_UNDEFINED',
          `service "${this.#name}" depends on "${target}", which no active profile enables`,
          `depends_on.${target}`,
          `Add \`--profile ${disabled.profiles?.[0] ?? ''}\`, or \`required: false\` to the dependency.`,
        );
      }
    }
  }

  #resources(): void {
    const { volumes = [], configs = [], secrets = [], models = {}, build } = this.#service;
    const project = this.#project;
    volumes.forEach(({ type, source }, index) => {
      if (type === 'volume' && source !== undefined) {
        this.#refer('volume', source, `volumes.${index}`, project.volumes);
      }
    });
    (build?.secrets ?? []).forEach(({ source }, index) => {
      this.#refer('secret', source, `build.secrets.${index}`, project.secrets);
    });
    configs.forEach(({ source }, index) => {
      this.#refer('config', source, `configs.${index}`, project.configs);
    });
    secrets.forEach(({ source }, index) => {
      this.#refer('secret', source, `secrets.${index}`, project.secrets);
    });
    for (const model of Object.keys(models)) {
      this.#refer('model', model, `models.${model}`, project.models);
    }
  }

  /** @param name - what the file gives; the types promise it, a broken file may not keep that. */
  #refer(kind: string, name: string | undefined, key: string, defined: object | undefined): void {
    if (name === undefined) {
      const path = `services.${this.#name}.${key}`;
      if (!isRefused(path, this.#context)) {
        this.#error('COMPOSE_KEY_REQUIRED', `${path} names no ${kind}`, key);
      }
      return;
    }
    if (defined === undefined || !Object.hasOwn(defined, name)) {
      this.#undefinedReference(kind, name, key, defined ?? {});
    }
  }

  #undefinedReference(kind: string, name: string, key: string, defined: object): void {
    if (isRefused(`${kind}s.${name}`, this.#context)) {
      return;
    }
    const isMany = this.#context.findings.errorCount > 100;
    const guess = isMany ? undefined : nearest(name, Object.keys(defined));
    const section = `${kind}s:`;
    this.#error(
      'COMPOSE_REFERENCE_UNDEFINED',
      `service "${this.#name}" refers to undefined ${kind} "${name}"`,
      key,
      guess === undefined
        ? `Define it under the top-level \`${section}\`.`
        : `Did you mean "${guess}"?`,
    );
  }

  #numbers(): void {
    const { scale, deploy, container_name: containerName } = this.#service;
    const { replicas, resources } = deploy ?? {};
    if (scale !== undefined && replicas !== undefined && scale !== replicas) {
      this.#differ('scale', 'deploy.replicas');
    }
    for (const [key, value] of [
      ['scale', scale],
      ['deploy.replicas', replicas],
    ] as const) {
      if (value !== undefined && value < 0) {
        const message = `services.${this.#name}.${key} must be at least 0, got ${value}`;
        this.#error('COMPOSE_VALUE_INVALID', message, key);
      }
    }
    const { limits, reservations } = resources ?? {};
    this.#sameLimit('cpus', limits, 'deploy.resources.limits.cpus', limits?.cpus);
    this.#sameLimit('mem_limit', limits, 'deploy.resources.limits.memory', limits?.memory);
    this.#sameLimit('pids_limit', limits, 'deploy.resources.limits.pids', limits?.pids);
    const reserved = 'deploy.resources.reservations.memory';
    this.#sameLimit('mem_reservation', reservations, reserved, reservations?.memory);
    const count = scale ?? replicas ?? 1;
    if (count > 1 && containerName !== undefined) {
      this.#error(
        'COMPOSE_CONFLICT',
        `service "${this.#name}" has a \`container_name\` and ${count} replicas, which cannot share it`,
        'container_name',
        'Remove `container_name`, or run one replica.',
      );
    }
  }

  /** Where `set` is given, it must repeat the service's own limit. */
  #sameLimit(
    key: 'cpus' | 'mem_limit' | 'mem_reservation' | 'pids_limit',
    set: object | undefined,
    otherKey: string,
    other: string | number | undefined,
  ): void {
    const own = this.#service[key];
    if (own !== undefined && set !== undefined && other !== own) {
      this.#differ(key, otherKey);
    }
  }

  #differ(key: string, other: string): void {
    this.#error(
      'COMPOSE_CONFLICT',
      `services.${this.#name}: \`${key}\` and \`${other}\` have different values`,
      key,
      'Set one of the two.',
    );
  }

  #watch(): void {
    (this.#service.develop?.watch ?? []).forEach(({ action, target }, index) => {
      if (target === undefined && action !== 'rebuild' && action !== 'restart') {
        this.#error(
          'COMPOSE_KEY_REQUIRED',
          `services.${this.#name}.develop.watch.${index}: action ${action} needs a \`target\``,
          `develop.watch.${index}`,
        );
      }
    });
  }

  #mountTargets(): void {
    const { tmpfs = [], volumes = [] } = this.#service;
    const targets = new Map<string, string>();
    const mounts = [
      ...tmpfs.map((entry, index) => [entry.split(':', 1)[0] ?? '', `tmpfs.${index}`] as const),
      ...volumes.map(
        ({ target }, index) => [target as string | undefined, `volumes.${index}`] as const,
      ),
    ];
    for (const [target, key] of mounts) {
      // reported as missing before
      if (target === undefined) {
        continue;
      }
      const existing = targets.get(target);
      if (existing === undefined) {
        targets.set(target, key);
        continue;
      }
      const message = `services.${this.#name}.${key}: ${target} is already mounted by ${existing}`;
      this.#error('COMPOSE_CONFLICT', message, key);
    }
  }
}
