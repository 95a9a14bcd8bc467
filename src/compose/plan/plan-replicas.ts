import type { Dependency, Service } from '../model/index.ts';
import { canonicalConfig, configHash } from './canonical-config.ts';
import { containerOptions, type KeptVolume, type Translation } from './container/index.ts';
import { containerName, imageName } from './names.ts';
import type { ObservedContainer } from './observed.ts';
import type { PlanBuilder, WaitCondition } from './plan.ts';
import type { PlanInput, RecreatePolicy, UpRequest } from './plan-input.ts';
import type { ResourceOperations } from './plan-resources.ts';
import { recreateCause } from './recreate-cause.ts';
import { replicaLabels } from './replica-labels.ts';
import { referencedServices, startsAfter } from './service-reference.ts';

/** What of a one-off container is the caller's. */
export interface OneOffFacts {
  readonly name: string;
  readonly withAliases: boolean;
  readonly withPorts: boolean;
}

/** One container that a service has, or will have when the plan has run. */
interface Replica {
  readonly name: string;
  /** Name where the plan creates it, id where it stays. */
  readonly container: string;
  /** The operation after which it exists; none where it does already. */
  readonly created?: string;
  /** Whether it runs before the plan and is left alone. */
  readonly kept: boolean;
  readonly observed?: ObservedContainer;
  /** The operation after which it runs. */
  started?: string;
  /** The operation that says that it runs already. */
  announced?: string;
}

/** Plans the containers of services, one service after another in dependency order. */
export class ReplicaPlanner {
  readonly #input: PlanInput;
  readonly #builder: PlanBuilder;
  readonly #request: UpRequest;
  readonly #resources: ResourceOperations;
  readonly #removed: ReadonlyMap<string, string>;
  readonly #replicas = new Map<string, Replica[]>();
  readonly #replaced = new Set<string>();
  readonly #gates = new Map<string, string[]>();

  constructor(
    input: PlanInput,
    builder: PlanBuilder,
    request: UpRequest,
    resources: ResourceOperations,
    removed: ReadonlyMap<string, string>,
  ) {
    this.#input = input;
    this.#builder = builder;
    this.#request = request;
    this.#resources = resources;
    this.#removed = removed;
  }

  /** Plans which containers of a service exist afterwards: kept, replaced, created, removed. */
  prepare(service: string, desired: number): void {
    const definition = this.#definition(service);
    this.#checkReplicas(service, definition, desired);
    const all = this.#input.observed.containers
      .filter((container) => container.service === service && !container.oneoff)
      .sort((a, b) => a.number - b.number);
    const existing = all.filter(({ id }) => !this.#removed.has(id));
    const leaving = all.filter(({ id }) => this.#removed.has(id));
    const rehearsals = this.#input.observed.containers.filter(
      (container) => container.service === service && container.rehearsal,
    );
    const staying = existing.slice(0, desired);
    const replicas = staying.map((container) => this.#planExisting(service, container));
    for (const container of existing.slice(desired)) {
      this.#planRemoval(container, `scaled from ${existing.length} to ${desired}`);
    }
    const numbers = new Set(staying.map(({ number }) => number));
    let number = 1;
    while (replicas.length < desired) {
      while (numbers.has(number)) number += 1;
      numbers.add(number);
      const before = [...leaving, ...rehearsals].find((container) => container.number === number);
      replicas.push(this.#planCreation(service, number, before));
    }
    this.#replicas.set(service, replicas);
    // Behind the creations, which take over the anonymous volumes that only a rehearsal still names.
    const creations = replicas.map(({ created }) => created);
    for (const container of rehearsals) this.#planRehearsalRemoval(container, creations);
  }

  /** Plans the starts of a service's containers, each behind what `depends_on` asks for. */
  start(service: string): void {
    const definition = this.#definition(service);
    for (const replica of this.#replicas.get(service) ?? []) {
      const common = { resource: { kind: 'Container', name: replica.name }, service } as const;
      if (replica.kept) {
        replica.announced = this.#builder.add({
          ...common,
          action: { kind: 'keepContainer', container: replica.container },
          cause: 'up to date',
        });
        continue;
      }
      const paused = replica.observed?.state === 'paused' && replica.created === undefined;
      replica.started = this.#builder.add(
        {
          ...common,
          action: {
            kind: paused ? 'unpauseContainer' : 'startContainer',
            container: replica.container,
          },
          cause:
            replica.created !== undefined ? 'just created' : `it is ${replica.observed?.state}`,
        },
        [replica.created, ...this.#startGates(definition)],
      );
    }
  }

  /** `depends_on.restart`: running containers are restarted once the dependency that was replaced is ready again. */
  restartDependants(services: readonly string[]): void {
    for (const service of services) {
      const dependencies = Object.entries(this.#definition(service).depends_on ?? {});
      const cause = dependencies.find(
        ([name, { restart }]) => restart === true && this.#replaced.has(name),
      );
      if (cause === undefined) continue;
      for (const replica of this.#replicas.get(service) ?? []) {
        if (!replica.kept) continue;
        replica.started = this.#builder.add(
          {
            resource: { kind: 'Container', name: replica.name },
            service,
            action: { kind: 'restartContainer', container: replica.container },
            cause: `its dependency ${cause[0]} is replaced`,
          },
          this.#startGates(this.#definition(service)),
        );
      }
    }
  }

  /** `--wait`: one wait per container. */
  waitUntilReady(service: string): void {
    for (const replica of this.#replicas.get(service) ?? []) {
      this.#planWait(service, replica, 'ready', false);
    }
  }

  /** One container of `run`, created and started behind the same conditions as the service's own. */
  oneOff(service: string, definition: Service, facts: OneOffFacts): void {
    const common = { resource: { kind: 'Container', name: facts.name }, service } as const;
    const created = this.#builder.add(
      {
        ...common,
        action: {
          kind: 'createContainer',
          options: this.#oneOffOptions(service, definition, facts),
        },
        cause: 'asked for by run',
      },
      this.#creationNeeds(service),
    );
    this.#builder.add(
      {
        ...common,
        action: { kind: 'startContainer', container: facts.name },
        cause: 'asked for by run',
      },
      [created, ...this.#startGates(definition)],
    );
  }

  #oneOffOptions(service: string, definition: Service, facts: OneOffFacts) {
    const { project, files, observed } = this.#input;
    const image = imageName(project, service);
    this.#checkImage(service, image);
    this.#checkSources(service, definition);
    const config = canonicalConfig(project, service, files);
    return containerOptions(
      this.#translation(service, definition),
      {
        containerName: facts.name,
        image,
        labels: replicaLabels(this.#input, {
          service,
          number: 1,
          oneoff: true,
          imageId: observed.images.get(image),
          config,
          hash: configHash(config),
        }),
        keptVolumes: [],
        stdinOnce: definition.stdin_open === true,
        withAliases: facts.withAliases,
        withPorts: facts.withPorts,
      },
      files,
    );
  }

  #translation(service: string, definition: Service): Translation {
    return {
      project: this.#input.project,
      name: service,
      service: definition,
      containerOf: (other) => this.#containerOf(other),
      unsupported: (path, message) =>
        this.#input.report({
          code: 'PROJECT_NOT_SUPPORTED',
          path: ['services', service, ...path],
          message,
        }),
    };
  }

  #definition(service: string): Service {
    return this.#input.project.services[service] ?? {};
  }

  #checkReplicas(service: string, definition: Service, desired: number): void {
    if (desired <= 1 || definition.container_name === undefined) return;
    this.#input.report({
      code: 'PROJECT_CONTAINER_NAME_REPLICAS',
      path: ['services', service, 'container_name'],
      message: `service "${service}" is to have ${desired} replicas, but container_name "${definition.container_name}" allows one`,
    });
  }

  #planExisting(service: string, container: ObservedContainer): Replica {
    const cause = this.#recreateCause(service, container);
    if (cause !== undefined) {
      this.#replaced.add(service);
      return this.#planReplacement(service, container, cause);
    }
    return {
      name: container.name,
      container: container.id,
      kept: container.state === 'running' || container.state === 'restarting',
      observed: container,
    };
  }

  #recreateCause(service: string, container: ObservedContainer): string | undefined {
    const policy = this.#policyFor(service);
    if (policy === 'never') return undefined;
    const donor = referencedServices(this.#definition(service)).find((name) =>
      this.#replaced.has(name),
    );
    if (donor !== undefined) return `it shares with ${donor}, which is replaced`;
    if (policy === 'always') return 'asked for by --force-recreate';
    return recreateCause(this.#input, service, container);
  }

  #policyFor(service: string): RecreatePolicy {
    const { services, recreate, recreateDependencies } = this.#request;
    return services.length === 0 || services.includes(service) ? recreate : recreateDependencies;
  }

  #planReplacement(service: string, container: ObservedContainer, cause: string): Replica {
    const { name, options } = this.#optionsFor(service, container.number, container);
    const timeoutS = this.#request.timeoutS;
    const created = this.#builder.add(
      {
        resource: { kind: 'Container', name },
        service,
        action: {
          kind: 'recreateContainer',
          container: container.id,
          options,
          ...(timeoutS === undefined ? {} : { timeoutS }),
        },
        cause,
      },
      this.#creationNeeds(service),
    );
    return { name, container: name, created, kept: false, observed: container };
  }

  #planCreation(service: string, number: number, before: ObservedContainer | undefined): Replica {
    const { name, options } = this.#optionsFor(service, number, before);
    const created = this.#builder.add(
      {
        resource: { kind: 'Container', name },
        service,
        action: { kind: 'createContainer', options },
        cause:
          before === undefined || before.rehearsal
            ? 'no container yet'
            : 'removed with its network',
      },
      [
        ...this.#creationNeeds(service),
        before === undefined ? undefined : this.#removed.get(before.id),
      ],
    );
    return { name, container: name, created, kept: false };
  }

  #planRemoval(container: ObservedContainer, cause: string): void {
    const timeoutS = this.#request.timeoutS;
    const common = {
      resource: { kind: 'Container', name: container.name },
      service: container.service,
      cause,
    } as const;
    const stopped = this.#builder.add({
      ...common,
      action: {
        kind: 'stopContainer',
        container: container.id,
        ...(timeoutS === undefined ? {} : { timeoutS }),
      },
    });
    this.#builder.add(
      {
        ...common,
        action: {
          kind: 'removeContainer',
          container: container.id,
          anonymousVolumes: false,
          force: true,
        },
      },
      [stopped],
    );
  }

  #planRehearsalRemoval(
    container: ObservedContainer,
    creations: readonly (string | undefined)[],
  ): void {
    this.#builder.add(
      {
        resource: { kind: 'Container', name: container.name },
        service: container.service,
        action: {
          kind: 'removeContainer',
          container: container.id,
          anonymousVolumes: true,
          force: true,
        },
        cause: 'left by a replacement that was interrupted',
      },
      creations,
    );
  }

  #optionsFor(service: string, number: number, before: ObservedContainer | undefined) {
    const { project, files, observed } = this.#input;
    const definition = this.#definition(service);
    const name = containerName(project.name, service, number, definition);
    const image = imageName(project, service);
    const config = canonicalConfig(project, service, files);
    const options = containerOptions(
      this.#translation(service, definition),
      {
        containerName: name,
        image,
        labels: replicaLabels(this.#input, {
          service,
          number,
          oneoff: false,
          imageId: observed.images.get(image),
          config,
          hash: configHash(config),
        }),
        keptVolumes: this.#keptVolumes(before),
        stdinOnce: false,
        withAliases: true,
        withPorts: true,
      },
      files,
    );
    this.#checkImage(service, image);
    this.#checkSources(service, definition);
    return { name, options };
  }

  #keptVolumes(before: ObservedContainer | undefined): readonly KeptVolume[] {
    return this.#request.renewAnonymousVolumes ? [] : (before?.anonymousVolumes ?? []);
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

  #checkImage(service: string, image: string): void {
    const { observed, project, report } = this.#input;
    if (observed.images.has(image)) return;
    const definition = project.services[service];
    const built = definition?.image === undefined && definition?.build !== undefined;
    report({
      code: 'PROJECT_IMAGE_MISSING',
      path: ['services', service, built ? 'build' : 'image'],
      message: built
        ? `service "${service}": its image ${image} is not there, and building is not supported yet`
        : `service "${service}": no such image: ${image}`,
    });
  }

  /** Name of the container that `service:x` stands for: its first replica. */
  #containerOf(service: string): string {
    const planned = this.#replicas.get(service)?.[0]?.name;
    if (planned !== undefined) return planned;
    const existing = this.#input.observed.containers.find(
      (container) => container.service === service && !container.oneoff,
    );
    return (
      existing?.name ??
      containerName(this.#input.project.name, service, 1, this.#definition(service))
    );
  }

  #creationNeeds(service: string): string[] {
    const definition = this.#definition(service);
    const needs: (string | undefined)[] = [
      ...Object.keys(definition.networks ?? {}).map((key) => this.#resources.networks.get(key)),
      ...(definition.volumes ?? []).map(({ source }) =>
        source === undefined ? undefined : this.#resources.volumes.get(source),
      ),
      ...referencedServices(definition).flatMap((name) =>
        (this.#replicas.get(name) ?? []).map(({ created }) => created),
      ),
      ...this.#provideFiles(service, definition),
    ];
    return needs.filter((need): need is string => need !== undefined);
  }

  #provideFiles(service: string, definition: Service): string[] {
    const { files } = this.#input;
    return (['configs', 'secrets'] as const).flatMap((kind) =>
      (definition[kind] ?? []).flatMap((reference) => {
        const copy = files.copyFor(kind, reference);
        if (copy === undefined) return [];
        const planned = this.#gates.get(`file ${copy.path}`);
        if (planned !== undefined) return planned;
        const id = this.#builder.add({
          resource: { kind: 'File', name: copy.path },
          service,
          action: { kind: 'provideFile', copy },
          cause: `${kind.slice(0, -1)} ${reference.source} of service ${service}`,
        });
        this.#gates.set(`file ${copy.path}`, [id]);
        return [id];
      }),
    );
  }

  #startGates(definition: Service): string[] {
    return startsAfter(definition).flatMap((name) =>
      this.#gate(name, definition.depends_on?.[name]),
    );
  }

  /** The operations that stand for "this dependency has met its condition"; shared by all who ask for the same. */
  #gate(service: string, dependency: Dependency | undefined): string[] {
    const condition = dependency?.condition ?? 'service_started';
    const optional = dependency?.required === false;
    const key = `${service} ${condition} ${optional}`;
    const known = this.#gates.get(key);
    if (known !== undefined) return known;
    const replicas = this.#replicas.get(service) ?? [];
    const gate =
      condition === 'service_started'
        ? replicas.flatMap(({ started }) => (started === undefined ? [] : [started]))
        : replicas.map((replica) =>
            this.#planWait(
              service,
              replica,
              condition === 'service_healthy' ? 'healthy' : 'completed',
              optional,
            ),
          );
    this.#gates.set(key, gate);
    return gate;
  }

  #planWait(
    service: string,
    replica: Replica,
    condition: WaitCondition,
    optional: boolean,
  ): string {
    return this.#builder.add(
      {
        resource: { kind: 'Container', name: replica.name },
        service,
        action: { kind: 'waitFor', container: replica.container, service, condition, optional },
        cause:
          condition === 'ready' ? 'asked for by --wait' : `others wait until it is ${condition}`,
      },
      [replica.started ?? replica.announced],
    );
  }
}
