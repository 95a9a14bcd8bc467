import type { Action, Plan } from './plan.ts';

/** Kind of action → the verb that it counts under; what is not listed is a part of another step. */
const verbs: Partial<Readonly<Record<Action['kind'], string>>> = {
  pullImage: 'pull',
  buildImage: 'build',
  createNetwork: 'create',
  createVolume: 'create',
  createContainer: 'create',
  recreateContainer: 'recreate',
  updateContainer: 'update',
  restartContainer: 'restart',
  unpauseContainer: 'unpause',
  removeContainer: 'remove',
  removeNetwork: 'remove',
  removeVolume: 'remove',
  removeImage: 'remove',
};

/**
 * One line that counts: `Plan: 3 to create, 1 to recreate; 2 unchanged`. A start counts where it is not that of
 * a container that the plan has just made; what the plan makes and takes away again counts for nothing.
 */
export function planSummary({ operations }: Plan): string {
  const names = (...kinds: Action['kind'][]) =>
    new Set(
      operations.flatMap(({ action, resource }) =>
        kinds.includes(action.kind) ? [`${resource.kind} ${resource.name}`] : [],
      ),
    );
  const made = names('createContainer', 'recreateContainer');
  const passing = [...names('removeContainer')].filter((name) => made.has(name));
  const touched = names('updateContainer', 'restartContainer');
  const counts = new Map<string, number>();
  let kept = 0;
  for (const { action, resource } of operations) {
    const name = `${resource.kind} ${resource.name}`;
    if (passing.includes(name)) continue;
    if (action.kind === 'keepContainer' && !touched.has(name)) kept += 1;
    const verb = action.kind === 'startContainer' && !made.has(name) ? 'start' : verbs[action.kind];
    if (verb !== undefined) counts.set(verb, (counts.get(verb) ?? 0) + 1);
  }
  const parts = [...counts].map(([verb, count]) => `${count} to ${verb}`);
  const unchanged = kept === 0 ? '' : `; ${kept} unchanged`;
  return `Plan: ${parts.length === 0 ? 'nothing to do' : parts.join(', ')}${unchanged}`;
}
