import type { Dependency, Service } from '../../model/index.ts';
import type { PlanBuilder, WaitCondition } from '../plan.ts';
import { startsAfter } from '../service-reference.ts';
import type { Replica } from './replica.ts';

/** What a start waits for. */
export interface StartGate {
  readonly needs: readonly (string | undefined)[];
  /** Of dependencies with `required: false`: over, however they ended. */
  readonly after: readonly (string | undefined)[];
}

/** Plans what starts wait for: the conditions of `depends_on`, each waited for once however many ask. */
export class StartGates {
  readonly #builder: PlanBuilder;
  readonly #replicas: ReadonlyMap<string, readonly Replica[]>;
  readonly #gates = new Map<string, string[]>();

  constructor(builder: PlanBuilder, replicas: ReadonlyMap<string, readonly Replica[]>) {
    this.#builder = builder;
    this.#replicas = replicas;
  }

  /** The operations that must have succeeded, or only be over, before containers of a service start. */
  of(definition: Service): StartGate {
    const needs: string[] = [];
    const after: string[] = [];
    for (const name of startsAfter(definition)) {
      const dependency = definition.depends_on?.[name];
      (dependency?.required === false ? after : needs).push(...this.#gate(name, dependency));
    }
    return { needs, after };
  }

  /** Plans one wait, behind the container's start. @returns its id. */
  wait(service: string, replica: Replica, condition: WaitCondition, optional: boolean): string {
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
            this.wait(
              service,
              replica,
              condition === 'service_healthy' ? 'healthy' : 'completed',
              optional,
            ),
          );
    this.#gates.set(key, gate);
    return gate;
  }
}
