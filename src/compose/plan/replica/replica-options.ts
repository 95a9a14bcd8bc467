import type { ContainerCreateOptions } from '../../../engine/index.ts';
import type { PreStartHook, Service } from '../../model/index.ts';
import { canonicalConfig, configHash } from '../canonical-config.ts';
import { containerOptions, type KeptVolume, type Translation } from '../container/index.ts';
import { preStartLabel } from '../labels.ts';
import { containerName, imageName } from '../names.ts';
import type { PlanInput } from '../plan-input.ts';
import type { OneOffFacts } from './replica.ts';
import { replicaLabels } from './replica-labels.ts';

/** One step of `pre_start` and the container that it is for. */
export interface PreStartStep {
  readonly service: string;
  readonly hook: PreStartHook;
  /** From 1. */
  readonly step: number;
  readonly name: string;
  /** The service's container, whose mounts it shares. */
  readonly container: string;
}

/** Makes the engine's options of a service's containers, and reports what of the service cannot be had. */
export class ReplicaOptions {
  readonly #input: PlanInput;
  readonly #containerOf: (service: string) => string;

  /** @param containerOf name of the container that `service:x` stands for. */
  constructor(input: PlanInput, containerOf: (service: string) => string) {
    this.#input = input;
    this.#containerOf = containerOf;
  }

  /** The options of a service's replica. */
  replica(
    service: string,
    number: number,
    keptVolumes: readonly KeptVolume[],
  ): { readonly name: string; readonly options: ContainerCreateOptions } {
    const { project, files } = this.#input;
    const definition = project.services[service] ?? {};
    const name = containerName(project, service, number, definition);
    const image = imageName(project, service);
    this.#checkSources(service, definition);
    const facts = {
      containerName: name,
      image,
      labels: this.#labels(service, number, false),
      keptVolumes,
      stdinOnce: false,
      withAliases: true,
      withPorts: true,
    };
    return {
      name,
      options: containerOptions(this.#translation(service, definition), facts, files),
    };
  }

  /** The options of a container of `run`. */
  oneOff(service: string, definition: Service, facts: OneOffFacts): ContainerCreateOptions {
    const { project, files } = this.#input;
    const image = imageName(project, service);
    this.#checkSources(service, definition);
    return containerOptions(
      this.#translation(service, definition),
      {
        containerName: facts.name,
        image,
        labels: this.#labels(service, 1, true),
        keptVolumes: [],
        stdinOnce: definition.stdin_open === true,
        withAliases: facts.withAliases,
        withPorts: facts.withPorts,
      },
      files,
    );
  }

  /**
   * The options of a container that runs a step of `pre_start`: the service's image, environment, networks and mounts,
   * but neither its names nor its ports.
   */
  preStart({ service, hook, step, name, container }: PreStartStep): ContainerCreateOptions {
    const { project, files } = this.#input;
    const own = project.services[service] ?? {};
    const image = hook.image ?? imageName(project, service);
    const definition: Service = {
      environment: { ...own.environment, ...hook.environment },
      ...pick(own, ['networks', 'network_mode', 'extra_hosts', 'dns', 'dns_search', 'dns_opt']),
      ...(hook.image === undefined || hook.image === own.image
        ? pick(own, ['user', 'working_dir'])
        : {}),
      ...pick(hook, ['command', 'user', 'privileged', 'working_dir']),
    };
    const options = containerOptions(
      this.#translation(service, definition),
      {
        containerName: name,
        image,
        labels: { ...this.#labels(service, 1, true), [preStartLabel]: String(step) },
        keptVolumes: [],
        stdinOnce: false,
        withAliases: false,
        withPorts: false,
      },
      files,
    );
    return { ...options, HostConfig: { ...options.HostConfig, VolumesFrom: [container] } };
  }

  #labels(service: string, number: number, oneoff: boolean): Record<string, string> {
    const { project, files, observed } = this.#input;
    const config = canonicalConfig(project, service, files);
    const imageId = observed.images.get(imageName(project, service));
    const hash = configHash(config);
    return replicaLabels(this.#input, { service, number, oneoff, imageId, config, hash });
  }

  #translation(service: string, definition: Service): Translation {
    return {
      project: this.#input.project,
      name: service,
      service: definition,
      workingDir: this.#input.workingDir,
      containerOf: this.#containerOf,
      unsupported: (path, message) =>
        this.#input.report({
          code: 'PROJECT_NOT_SUPPORTED',
          path: ['services', service, ...path],
          message,
        }),
    };
  }

  #checkSources(service: string, { volumes = [] }: Service): void {
    for (const [index, { type, source }] of volumes.entries()) {
      if (type !== 'bind' || source === undefined) continue;
      if (!this.#input.missingSources.has(source)) continue;
      this.#input.report({
        code: 'PROJECT_BIND_SOURCE_MISSING',
        path: ['services', service, 'volumes', String(index), 'source'],
        message: `service "${service}": bind source does not exist: ${source}`,
      });
    }
  }
}

/** The named members of `from` that have a value. */
function pick<T extends object, K extends keyof T>(from: T, keys: readonly K[]): Partial<T> {
  const found = keys.filter((key) => from[key] !== undefined && from[key] !== null);
  return Object.fromEntries(found.map((key) => [key, from[key]])) as unknown as Partial<T>;
}
