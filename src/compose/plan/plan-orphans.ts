import type { ObservedContainer } from './observed.ts';
import type { PlanBuilder } from './plan.ts';
import type { PlanInput, UpRequest } from './plan-input.ts';
import { planRemoval } from './plan-stop.ts';

/** What belongs to the project and to no service of its files, as Docker Compose counts it: told, or removed. */
export function planOrphans(
  { project, observed, disabledServices }: PlanInput,
  builder: PlanBuilder,
  { orphans, timeoutS }: Pick<UpRequest, 'orphans' | 'timeoutS'>,
): void {
  const known = new Set([...Object.keys(project.services), ...disabledServices]);
  const found = observed.containers.filter((container) => isOrphan(container, known));
  if (found.length === 0 || orphans === 'ignore') return;
  if (orphans === 'warn') {
    builder.warn(
      `Found orphan containers ([${found.map(({ name }) => name).join(' ')}]) for this project. If you removed or renamed this service in your compose file, you can run this command with the --remove-orphans flag to clean it up.`,
    );
    return;
  }
  for (const container of found) {
    planRemoval(builder, container, {
      cause: container.oneoff
        ? `left by run of service "${container.service}"`
        : `the file has no service "${container.service}" any more`,
      timeoutS,
    });
  }
}

/** Containers of services that the files no longer have, and one-off containers that have ended. */
function isOrphan(
  { service, oneoff, state, rehearsal, preStart }: ObservedContainer,
  known: ReadonlySet<string>,
): boolean {
  if (rehearsal || preStart) return false;
  if (oneoff) return state === 'exited' || state === 'dead';
  return !known.has(service);
}
