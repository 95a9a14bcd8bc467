import { labelledHooks, planHooks } from './hooks.ts';
import type { ContainerState, ObservedContainer } from './observed.ts';
import type { PlanBuilder } from './plan.ts';

/** Why and how a container is stopped. */
export interface StopRequest {
  readonly cause: string;
  /** Seconds before it is killed; its own stop timeout when left out. */
  readonly timeoutS?: number | undefined;
  readonly needs?: readonly (string | undefined)[];
}

/** The same for a removal. */
export interface RemovalRequest extends StopRequest {
  readonly anonymousVolumes?: boolean;
  /** `always`: also one that has ended is told to stop, as `down` does and shows; else only one that is alive. */
  readonly stops?: 'always';
}

/** True where a process of the container is there, or will be again without anybody's doing. */
export function isAlive(state: ContainerState): boolean {
  return state === 'running' || state === 'restarting' || state === 'paused';
}

/** Plans the stop of a container behind its `pre_stop` hooks. @returns the stop's id. */
export function planStop(
  builder: PlanBuilder,
  container: ObservedContainer,
  { cause, timeoutS, needs = [] }: StopRequest,
): string {
  const { id, name, service } = container;
  const common = { resource: { kind: 'Container', name }, service } as const;
  return builder.add(
    {
      ...common,
      action: {
        kind: 'stopContainer',
        container: id,
        ...(timeoutS === undefined ? {} : { timeoutS }),
      },
      cause,
    },
    planPreStop(builder, container, needs),
  );
}

/** The `pre_stop` hooks of a container that runs. @returns what has to be over before it is stopped. */
export function planPreStop(
  builder: PlanBuilder,
  container: ObservedContainer,
  needs: readonly (string | undefined)[] = [],
): readonly (string | undefined)[] {
  const { id, name, service, state } = container;
  if (state !== 'running') return needs;
  const target = { resource: { kind: 'Container', name }, service, container: id } as const;
  return planHooks(builder, target, 'pre_stop', labelledHooks(container, 'pre_stop'), needs);
}

/** Plans the end of a container: its stop, where it is alive, and its removal. @returns the removal's id. */
export function planRemoval(
  builder: PlanBuilder,
  container: ObservedContainer,
  request: RemovalRequest,
): string {
  const { id, name, service, state } = container;
  const stops = request.stops === 'always' || isAlive(state);
  const needs = stops ? [planStop(builder, container, request)] : (request.needs ?? []);
  return builder.add(
    {
      resource: { kind: 'Container', name },
      service,
      action: {
        kind: 'removeContainer',
        container: id,
        anonymousVolumes: request.anonymousVolumes ?? false,
        force: true,
      },
      cause: request.cause,
    },
    needs,
  );
}
