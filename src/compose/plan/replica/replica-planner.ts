import type { Service } from '../../model/index.ts';
import { planHooks } from '../hooks.ts';
import { containerName, imageName } from '../names.ts';
import type { ObservedContainer } from '../observed.ts';
import type { PlanBuilder } from '../plan.ts';
import type { PlanInput, RecreatePolicy, UpRequest } from '../plan-input.ts';
import type { ResourceOperations } from '../plan-resources.ts';
import { planPreStop, planRemoval } from '../plan-stop.ts';
import { referencedServices } from '../service-reference.ts';
import { type ContainerChange, containerChange } from './container-change.ts';
import { ImageNeeds } from './image-needs.ts';
import { liveUpdate } from './live-update.ts';
import { planPreStart } from './pre-start.ts';
import type { OneOffFacts, Replica } from './replica.ts';
import { ReplicaOptions } from './replica-options.ts';
import { type StartGate, StartGates } from './start-gates.ts';

/** Plans the containers of services, one service after another in dependency order. */
export class ReplicaPlanner {
  readonly #input: PlanInput;
  readonly #builder: PlanBuilder;
  readonly #request: UpRequest;
  readonly #resources: ResourceOperations;
  readonly #removed: ReadonlyMap<string, string>;
  readonly #replicas = new Map<string, Replica[]>();
  readonly #replaced = new Set<string>();
  readonly #files = new Map<string, string>();
  readonly #images: ImageNeeds;
  readonly #options: ReplicaOptions;
  readonly #gates: StartGates;

  /** @param removed id of a container that goes before → the operation that removes it. */
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
    this.#images = new ImageNeeds(input, builder);
    this.#options = new ReplicaOptions(input, (service) => this.#containerOf(service));
    this.#gates = new StartGates(builder, this.#replicas);
  }

  /** Plans which containers of a service exist afterwards: kept, replaced, created, removed. */
  prepare(service: string, desired: number): void {
    this.#checkReplicas(service, desired);
    const all = this.#observedReplicas(service);
    const existing = all.filter(({ id }) => !this.#removed.has(id));
    const leaving = all.filter(({ id }) => this.#removed.has(id));
    const rehearsals = this.#observed(service, ({ rehearsal }) => rehearsal);
    for (const container of this.#observed(service, ({ preStart }) => preStart)) {
      planRemoval(this.#builder, container, {
        cause: 'left by a pre_start hook that did not end well',
      });
    }
    const staying = existing.slice(0, desired);
    const replicas = staying.map((container) => this.#planExisting(service, container));
    for (const container of existing.slice(desired)) {
      planRemoval(this.#builder, container, {
        cause: `scaled from ${existing.length} to ${desired}`,
        timeoutS: this.#request.timeoutS,
      });
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
    const needs = replicas.map(({ created }) => created);
    for (const container of rehearsals) {
      planRemoval(this.#builder, container, {
        cause: 'left by a replacement that was interrupted',
        anonymousVolumes: true,
        needs,
      });
    }
  }

  /** Plans the starts of a service's containers, each behind what `depends_on` asks for and its own `pre_start`. */
  start(service: string): void {
    const definition = this.#definition(service);
    let gate: StartGate | undefined;
    for (const replica of this.#replicas.get(service) ?? []) {
      const common = { resource: { kind: 'Container', name: replica.name }, service } as const;
      if (replica.kept) {
        replica.announced = this.#builder.add(
          {
            ...common,
            action: { kind: 'keepContainer', container: replica.container },
            cause: replica.created === undefined ? 'up to date' : 'updated while it runs',
          },
          [replica.created],
        );
        continue;
      }
      const isFirst = gate === undefined;
      gate ??= this.#gates.of(definition);
      const ready = this.#planPreStart(service, replica, isFirst, gate);
      // What ran for the first replica ran for all of them.
      if (isFirst) gate = { ...ready, needs: ready.needs.filter((id) => id !== replica.created) };
      const started = this.#builder.add(
        {
          ...common,
          action: {
            kind: replica.observed?.state === 'paused' ? 'unpauseContainer' : 'startContainer',
            container: replica.container,
          },
          cause:
            replica.observed === undefined ? 'just created' : `it is ${replica.observed.state}`,
        },
        [replica.created, ...ready.needs],
        ready.after,
      );
      replica.started = this.#planPostStart(service, replica, started);
    }
  }

  /** `depends_on.restart`: running containers are restarted once the dependency that was replaced is ready again. */
  restartDependants(services: readonly string[]): void {
    for (const service of services) {
      const definition = this.#definition(service);
      const cause = Object.entries(definition.depends_on ?? {}).find(
        ([name, { restart }]) => restart === true && this.#replaced.has(name),
      );
      if (cause === undefined) continue;
      for (const replica of this.#replicas.get(service) ?? []) {
        if (!replica.kept || replica.observed === undefined) continue;
        const { needs, after } = this.#gates.of(definition);
        const ready = [replica.created, ...needs];
        const restarted = this.#builder.add(
          {
            resource: { kind: 'Container', name: replica.name },
            service,
            action: { kind: 'restartContainer', container: replica.container },
            cause: `its dependency ${cause[0]} is replaced`,
          },
          planPreStop(this.#builder, replica.observed, ready),
          after,
        );
        replica.started = this.#planPostStart(service, replica, restarted);
      }
    }
  }

  /** `--wait`: one wait per container. */
  waitUntilReady(service: string): void {
    for (const replica of this.#replicas.get(service) ?? []) {
      this.#gates.wait(service, replica, 'ready', false);
    }
  }

  /** One container of `run`, created and started behind the same conditions as the service's own. */
  oneOff(service: string, definition: Service, facts: OneOffFacts): void {
    const common = { resource: { kind: 'Container', name: facts.name }, service } as const;
    const cause = 'asked for by run';
    const options = this.#options.oneOff(service, definition, facts);
    const created = this.#builder.add(
      { ...common, action: { kind: 'createContainer', options }, cause },
      this.#creationNeeds(service),
    );
    const { needs, after } = this.#gates.of(definition);
    this.#builder.add(
      { ...common, action: { kind: 'startContainer', container: facts.name }, cause },
      [created, ...needs],
      after,
    );
  }

  #definition(service: string): Service {
    return this.#input.project.services[service] ?? {};
  }

  #observed(service: string, wanted: (container: ObservedContainer) => boolean) {
    return this.#input.observed.containers.filter(
      (container) => container.service === service && wanted(container),
    );
  }

  #observedReplicas(service: string): ObservedContainer[] {
    return this.#observed(service, ({ oneoff }) => !oneoff).sort((a, b) => a.number - b.number);
  }

  #checkReplicas(service: string, desired: number): void {
    const { container_name: name } = this.#definition(service);
    if (desired <= 1 || name === undefined) return;
    this.#input.report({
      code: 'PROJECT_CONTAINER_NAME_REPLICAS',
      path: ['services', service, 'container_name'],
      message: `service "${service}" is to have ${desired} replicas, but container_name "${name}" allows one`,
    });
  }

  #planExisting(service: string, container: ObservedContainer): Replica {
    const change = this.#change(service, container);
    if (change.kind === 'recreate') return this.#planReplacement(service, container, change.cause);
    const replica = {
      name: container.name,
      number: container.number,
      container: container.id,
      kept: container.state === 'running' || container.state === 'restarting',
      observed: container,
    };
    if (change.kind === 'none') return replica;
    const { options } = this.#options.replica(service, container.number, []);
    const created = this.#builder.add({
      resource: { kind: 'Container', name: container.name },
      service,
      action: {
        kind: 'updateContainer',
        container: container.id,
        update: liveUpdate(options),
      },
      cause: change.cause,
    });
    return { ...replica, created };
  }

  #change(service: string, container: ObservedContainer): ContainerChange {
    const policy = this.#policyFor(service);
    if (policy === 'never') return { kind: 'none' };
    const donor = referencedServices(this.#definition(service)).find((name) =>
      this.#replaced.has(name),
    );
    if (donor !== undefined) {
      return { kind: 'recreate', cause: `it shares with ${donor}, which is replaced` };
    }
    if (policy === 'always') return { kind: 'recreate', cause: 'asked for by --force-recreate' };
    return containerChange(this.#input, service, container);
  }

  #policyFor(service: string): RecreatePolicy {
    const { services, recreate, recreateDependencies } = this.#request;
    return services.length === 0 || services.includes(service) ? recreate : recreateDependencies;
  }

  #planReplacement(service: string, container: ObservedContainer, cause: string): Replica {
    this.#replaced.add(service);
    const { number } = container;
    const { name, options } = this.#options.replica(service, number, this.#kept(container));
    const { timeoutS } = this.#request;
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
      planPreStop(this.#builder, container, this.#creationNeeds(service)),
    );
    return { name, number, container: name, created, kept: false };
  }

  #planCreation(service: string, number: number, before: ObservedContainer | undefined): Replica {
    const { name, options } = this.#options.replica(service, number, this.#kept(before));
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
    return { name, number, container: name, created, kept: false };
  }

  #kept(before: ObservedContainer | undefined) {
    return this.#request.renewAnonymousVolumes ? [] : (before?.anonymousVolumes ?? []);
  }

  #planPreStart(service: string, replica: Replica, isFirst: boolean, gate: StartGate) {
    const { pre_start: hooks = [] } = this.#definition(service);
    const images = hooks.map(({ image }, index) =>
      image === undefined
        ? undefined
        : this.#images.need(service, image, ['pre_start', String(index), 'image']),
    );
    const context = {
      builder: this.#builder,
      project: this.#input.project,
      service,
      hooks,
      before: this.#observedReplicas(service),
      options: (step: Parameters<ReplicaOptions['preStart']>[0]) =>
        ({ kind: 'createContainer', options: this.#options.preStart(step) }) as const,
    };
    return planPreStart(context, replica, isFirst, {
      ...gate,
      needs: [...gate.needs, ...images],
    });
  }

  #planPostStart(service: string, replica: Replica, started: string): string {
    const target = {
      resource: { kind: 'Container', name: replica.name },
      service,
      container: replica.container,
    } as const;
    const hooks = this.#definition(service).post_start ?? [];
    return planHooks(this.#builder, target, 'post_start', hooks, [started])[0] ?? started;
  }

  /** Name of the container that `service:x` stands for: its first replica. */
  #containerOf(service: string): string {
    const planned = this.#replicas.get(service)?.[0]?.name;
    const existing = this.#observed(service, ({ oneoff }) => !oneoff)[0]?.name;
    const { project } = this.#input;
    return planned ?? existing ?? containerName(project, service, 1, this.#definition(service));
  }

  #creationNeeds(service: string): string[] {
    const definition = this.#definition(service);
    const needs: (string | undefined)[] = [
      this.#images.need(service, imageName(this.#input.project, service), ['image']),
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

  /** Copies of configs and secrets, each written once however many services mount it. */
  #provideFiles(service: string, definition: Service): string[] {
    const { files } = this.#input;
    return (['configs', 'secrets'] as const).flatMap((kind) =>
      (definition[kind] ?? []).flatMap((reference) => {
        const copy = files.copyFor(kind, reference);
        if (copy === undefined) return [];
        const id =
          this.#files.get(copy.path) ??
          this.#builder.add({
            resource: { kind: 'File', name: copy.path },
            service,
            action: { kind: 'provideFile', copy },
            cause: `${kind.slice(0, -1)} ${reference.source} of service ${service}`,
          });
        this.#files.set(copy.path, id);
        return [id];
      }),
    );
  }
}
