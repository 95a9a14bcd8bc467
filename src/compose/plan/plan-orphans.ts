import type { PlanBuilder } from './plan.ts';
import type { PlanInput, UpRequest } from './plan-input.ts';

/** Containers of services that the project's files no longer have. One-off containers are never orphans. */
export function planOrphans(
  { project, observed, disabledServices }: PlanInput,
  builder: PlanBuilder,
  { orphans, timeoutS }: Pick<UpRequest, 'orphans' | 'timeoutS'>,
): void {
  const known = new Set([...Object.keys(project.services), ...disabledServices]);
  const found = observed.containers.filter(({ service, oneoff }) => !oneoff && !known.has(service));
  if (found.length === 0 || orphans === 'ignore') return;
  if (orphans === 'warn') {
    builder.warn(
      `Found orphan containers ([${found.map(({ name }) => name).join(' ')}]) for this project. If you removed or renamed this service in your compose file, you can run this command with the --remove-orphans flag to clean it up.`,
    );
    return;
  }
  for (const { id, name, service, state } of found) {
    const common = { resource: { kind: 'Container', name }, service } as const;
    const cause = `the file has no service "${service}" any more`;
    const stopped =
      state === 'running' || state === 'restarting' || state === 'paused'
        ? builder.add({
            ...common,
            action: {
              kind: 'stopContainer',
              container: id,
              ...(timeoutS === undefined ? {} : { timeoutS }),
            },
            cause,
          })
        : undefined;
    builder.add(
      {
        ...common,
        action: { kind: 'removeContainer', container: id, anonymousVolumes: false, force: true },
        cause,
      },
      [stopped],
    );
  }
}
