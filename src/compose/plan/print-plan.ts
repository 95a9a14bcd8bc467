import type { Action, Operation, Plan } from './plan.ts';

/** The verb of each step, as `compose plan` and `--dry-run` print it. */
const verbs: Readonly<Record<Action['kind'], string>> = {
  pullImage: 'pull',
  buildImage: 'build',
  createNetwork: 'create',
  createVolume: 'create',
  provideFile: 'write',
  createContainer: 'create',
  recreateContainer: 'recreate',
  updateContainer: 'update',
  startContainer: 'start',
  runHook: 'run hook in',
  stopContainer: 'stop',
  restartContainer: 'restart',
  killContainer: 'kill',
  pauseContainer: 'pause',
  unpauseContainer: 'unpause',
  removeContainer: 'remove',
  removeNetwork: 'remove',
  removeVolume: 'remove',
  removeImage: 'remove',
  waitFor: 'wait for',
  keepContainer: 'keep',
};

/**
 * One line a step, e.g. `#3 create container todo-mysql-1: no container yet (after #1, #2)`.
 * Empty where there is nothing to do.
 * @param which `changes` leaves out what stays as it is.
 */
export function printPlan(plan: Plan, which: 'all' | 'changes' = 'all'): string {
  return plan.operations
    .filter(({ action }) => which === 'all' || action.kind !== 'keepContainer')
    .map((operation) => `${printOperation(operation)}\n`)
    .join('');
}

function printOperation(operation: Operation): string {
  const { cause, needs, after: soft = [] } = operation;
  const before = [...needs, ...soft.map((other) => `${other} if it can`)];
  const after = before.length === 0 ? '' : ` (after ${before.join(', ')})`;
  return `${operationText(operation)}: ${cause}${after}`;
}

/** `#3 create container todo-mysql-1` */
export function operationText({ id, resource, action }: Operation): string {
  return `${id} ${verbs[action.kind]} ${resource.kind.toLowerCase()} ${resource.name}`;
}

/** The plan as data for `--format json`: one object, stable keys, without the engine's option bodies. */
export function planToJson(plan: Plan): unknown {
  return {
    version: 1,
    project: plan.project,
    warnings: plan.warnings,
    operations: plan.operations.map(({ id, resource, service, action, cause, needs, after }) => ({
      id,
      operation: action.kind,
      resource: resource.kind.toLowerCase(),
      name: resource.name,
      ...(service === undefined ? {} : { service }),
      cause,
      needs,
      ...(after === undefined ? {} : { after }),
    })),
  };
}
