import { labelledHooks, planHooks } from './hooks.ts';
import type { ObservedContainer } from './observed.ts';
import { type Action, type Plan, PlanBuilder } from './plan.ts';
import { planPreStop } from './plan-stop.ts';

/** `start`, `stop`, … of existing containers: all that these commands know is in the containers' labels. */
export interface ContainersRequest {
  readonly project: string;
  readonly containers: readonly ObservedContainer[];
  readonly cause: string;
}

type MakeAction = (container: ObservedContainer) => Action;

/** One operation a container, dependants before what they depend on: stopping, removing. */
export function planBackwards(request: ContainersRequest, action: MakeAction): Plan {
  return planOrdered(request, action, (a, b) => dependsOn(a, b.service));
}

/** One operation a container, all at once: killing, pausing. */
export function planTogether(request: ContainersRequest, action: MakeAction): Plan {
  return planOrdered(request, action, () => false);
}

/** Restarting: what others depend on first; `restart: false` dependants are not dragged along. */
export function planForwards(request: ContainersRequest, action: MakeAction): Plan {
  return planOrdered(request, action, (a, b) => dependsOn(b, a.service));
}

/** What `planStart` does beside starting. */
export interface StartPolicy {
  /** Ends once all are ready. */
  readonly wait?: boolean;
  /** A condition of `depends_on` that cannot hold is a warning, and what waits for it starts all the same. */
  readonly lenient?: boolean;
}

/** Starting: behind the conditions of `depends_on`, as the labels keep them. */
export function planStart(
  request: ContainersRequest,
  { wait = false, lenient = false }: StartPolicy = {},
): Plan {
  const builder = new PlanBuilder(request.project);
  const started = new Map<string, string>();
  const waits = new Map<string, string>();
  const ordered = inOrder(request.containers, (a, b) => dependsOn(b, a.service));
  for (const container of ordered) {
    const gates: (string | undefined)[] = [];
    for (const { service, condition } of container.dependsOn) {
      for (const dependency of request.containers) {
        if (dependency.service !== service) continue;
        if (condition === 'service_started') {
          gates.push(started.get(dependency.id));
          continue;
        }
        const key = `${dependency.id} ${condition}`;
        const known = waits.get(key);
        const gate =
          known ??
          builder.add(
            {
              resource: { kind: 'Container', name: dependency.name },
              service,
              action: {
                kind: 'waitFor',
                container: dependency.id,
                service,
                condition: condition === 'service_healthy' ? 'healthy' : 'completed',
                optional: lenient,
              },
              cause: `others wait until it is ${condition === 'service_healthy' ? 'healthy' : 'completed'}`,
            },
            [started.get(dependency.id)],
          );
        waits.set(key, gate);
        gates.push(gate);
      }
    }
    if (container.state === 'running' || container.state === 'restarting') continue;
    const id = builder.add(
      {
        resource: { kind: 'Container', name: container.name },
        service: container.service,
        action: { kind: 'startContainer', container: container.id },
        cause: request.cause,
      },
      gates,
    );
    started.set(container.id, planPostStart(builder, container, id));
  }
  if (wait) {
    for (const { id, name, service } of ordered) {
      builder.add(
        {
          resource: { kind: 'Container', name },
          service,
          action: { kind: 'waitFor', container: id, service, condition: 'ready', optional: false },
          cause: 'asked for by --wait',
        },
        [started.get(id)],
      );
    }
  }
  return builder.build();
}

function planOrdered(
  { project, containers, cause }: ContainersRequest,
  action: MakeAction,
  before: Before,
): Plan {
  const builder = new PlanBuilder(project);
  const ids = new Map<string, string>();
  for (const container of inOrder(containers, before)) {
    const needs = containers
      .filter((other) => before(other, container))
      .map(({ id }) => ids.get(id));
    const wanted = action(container);
    const stops = wanted.kind === 'stopContainer' || wanted.kind === 'restartContainer';
    const id = builder.add(
      {
        resource: { kind: 'Container', name: container.name },
        service: container.service,
        action: wanted,
        cause,
      },
      stops ? planPreStop(builder, container, needs) : needs,
    );
    const starts = wanted.kind === 'restartContainer';
    ids.set(container.id, starts ? planPostStart(builder, container, id) : id);
  }
  return builder.build();
}

/** The hooks that follow the start of a container, as its label keeps them. @returns what has to be over for it to count as started. */
function planPostStart(
  builder: PlanBuilder,
  container: ObservedContainer,
  started: string,
): string {
  const { id, name, service } = container;
  const target = { resource: { kind: 'Container', name }, service, container: id } as const;
  const hooks = labelledHooks(container, 'post_start');
  return planHooks(builder, target, 'post_start', hooks, [started])[0] ?? started;
}

/** True where `a`'s operation must have ended before `b`'s begins. */
type Before = (a: ObservedContainer, b: ObservedContainer) => boolean;

/** True where the container's service depends on another one by its label. */
export function dependsOn(container: ObservedContainer, service: string): boolean {
  return container.dependsOn.some((dependency) => dependency.service === service);
}

/** A topological order; labels of different ages may form a cycle, which is then cut at its first member. */
export function inOrder(
  containers: readonly ObservedContainer[],
  before: Before,
): ObservedContainer[] {
  const ordered = new Set<ObservedContainer>();
  const visit = (container: ObservedContainer, trail: ReadonlySet<ObservedContainer>): void => {
    if (ordered.has(container) || trail.has(container)) return;
    const deeper = new Set([...trail, container]);
    for (const other of containers) {
      if (other !== container && before(other, container)) visit(other, deeper);
    }
    ordered.add(container);
  };
  for (const container of containers) visit(container, new Set());
  return [...ordered];
}
