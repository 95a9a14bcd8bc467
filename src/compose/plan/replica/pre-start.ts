import { isDeepStrictEqual } from 'node:util';
import type { PreStartHook } from '../../model/index.ts';
import { joinedName, type NamedProject } from '../names.ts';
import type { ObservedContainer } from '../observed.ts';
import type { PlanBuilder } from '../plan.ts';
import { readConfigLabel } from '../read-config-label.ts';
import type { Replica } from './replica.ts';
import type { PreStartStep } from './replica-options.ts';
import type { StartGate } from './start-gates.ts';

/** What planning a service's `pre_start` needs. */
export interface PreStartContext {
  readonly builder: PlanBuilder;
  readonly project: NamedProject;
  readonly service: string;
  readonly hooks: readonly PreStartHook[];
  /** The service's containers as they were observed. */
  readonly before: readonly ObservedContainer[];
  readonly options: (step: PreStartStep) => Parameters<PlanBuilder['add']>[0]['action'];
}

/**
 * Plans the steps of `pre_start` for a replica that is about to start: each runs to its end in a container of its own,
 * which is then removed; a failure keeps the replica from starting. Steps that are not `per_replica` run for the first
 * replica of the service alone, and all of them only where they have not been through before with the same definition:
 * a service that has once been started has had them succeed.
 * @returns what the start waits for.
 */
export function planPreStart(
  { builder, project, service, hooks, before, options }: PreStartContext,
  replica: Replica,
  isFirst: boolean,
  gate: StartGate,
): StartGate {
  const done = (container: ObservedContainer) => hasRun(container, hooks);
  let last: StartGate = { ...gate, needs: [replica.created, ...gate.needs] };
  for (const [index, hook] of hooks.entries()) {
    const ran = hook.per_replica
      ? before.filter(({ number }) => number === replica.number).some(done)
      : before.some(done);
    if (ran || !(isFirst || hook.per_replica)) continue;
    const step = index + 1;
    const name = hook.per_replica
      ? joinedName(project, service, replica.number, 'pre_start', step)
      : joinedName(project, service, 'pre_start', step);
    const ended = planStep({ builder, service, step, name, total: hooks.length }, last, () =>
      options({ service, hook, step, name, container: replica.name }),
    );
    last = { needs: [ended], after: [] };
  }
  return last;
}

interface Step {
  readonly builder: PlanBuilder;
  readonly service: string;
  readonly step: number;
  readonly name: string;
  readonly total: number;
}

function planStep(
  { builder, service, step, name, total }: Step,
  { needs, after }: StartGate,
  create: () => Parameters<PlanBuilder['add']>[0]['action'],
): string {
  const cause = `pre_start hook ${step} of ${total}`;
  const common = { resource: { kind: 'Container', name }, service, cause } as const;
  const created = builder.add({ ...common, action: create() }, needs, after);
  const started = builder.add({ ...common, action: { kind: 'startContainer', container: name } }, [
    created,
  ]);
  const ended = builder.add(
    {
      ...common,
      action: {
        kind: 'waitFor',
        container: name,
        service,
        condition: 'completed',
        optional: false,
      },
    },
    [started],
  );
  return builder.add(
    {
      ...common,
      action: { kind: 'removeContainer', container: name, anonymousVolumes: false, force: true },
    },
    [ended],
  );
}

function hasRun({ state, labels }: ObservedContainer, hooks: readonly PreStartHook[]): boolean {
  if (state === 'created') return false;
  const old = readConfigLabel(labels)?.service.pre_start;
  return isDeepStrictEqual(old, JSON.parse(JSON.stringify(hooks)));
}
