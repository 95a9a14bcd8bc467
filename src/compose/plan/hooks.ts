import type { ServiceHook } from '../model/index.ts';
import { environmentList } from './container/index.ts';
import type { ObservedContainer } from './observed.ts';
import type { PlanBuilder, Resource } from './plan.ts';
import { readConfigLabel } from './read-config-label.ts';

/** Hooks that run inside a service's own container. */
export type HookPhase = 'post_start' | 'pre_stop';

/** A command of a hook as the engine's exec takes it. */
export interface HookCommand {
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly user?: string;
  readonly workingDir?: string;
  readonly privileged: boolean;
}

/** Whose hooks are planned. */
export interface HookTarget {
  readonly resource: Resource;
  readonly service: string;
  /** Name or id, as the operations have it. */
  readonly container: string;
}

/**
 * Plans a service's hooks of one phase, one after the other.
 * @returns the last one's id; the need that was given where there is no hook.
 */
export function planHooks(
  builder: PlanBuilder,
  { resource, service, container }: HookTarget,
  phase: HookPhase,
  hooks: readonly ServiceHook[],
  needs: readonly (string | undefined)[],
): readonly (string | undefined)[] {
  let before = needs;
  for (const [index, hook] of hooks.entries()) {
    const id = builder.add(
      {
        resource,
        service,
        action: { kind: 'runHook', container, phase, command: hookCommand(hook) },
        cause: `${phase} hook ${index + 1} of ${hooks.length}`,
      },
      before,
    );
    before = [id];
  }
  return before;
}

/**
 * The hooks of an existing container, from the configuration in its label: `stop`, `start` and `down` read no compose
 * file. None for a container that another tool made.
 */
export function labelledHooks(
  { labels }: Pick<ObservedContainer, 'labels'>,
  phase: HookPhase,
): readonly ServiceHook[] {
  const hooks = readConfigLabel(labels)?.service[phase];
  return Array.isArray(hooks) ? (hooks as ServiceHook[]) : [];
}

function hookCommand(hook: ServiceHook): HookCommand {
  return {
    argv: hook.command ?? [],
    env: environmentList(hook),
    privileged: hook.privileged ?? false,
    ...(hook.user === undefined ? {} : { user: hook.user }),
    ...(hook.working_dir === undefined ? {} : { workingDir: hook.working_dir }),
  };
}
