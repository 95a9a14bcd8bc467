import type { Service } from '../model/index.ts';
import { declaredReplicas } from './names.ts';
import { type Plan, PlanBuilder } from './plan.ts';
import type { PlanInput, UpRequest } from './plan-input.ts';
import { planOrphans } from './plan-orphans.ts';
import { planResources } from './plan-resources.ts';
import type { OneOffFacts } from './replica/replica.ts';
import { ReplicaPlanner } from './replica/replica-planner.ts';
import { orderedServices } from './service-order.ts';
import { usedResources } from './used-resources.ts';

/** What `run` asks for. */
export interface RunRequest extends OneOffFacts {
  readonly service: string;
  /** The service with the command line's changes. */
  readonly definition: Service;
  readonly withDependencies: boolean;
  readonly orphans: UpRequest['orphans'];
}

/** Plans a one-off container: what its service depends on is brought up first, its own containers are left alone. */
export function planRun(input: PlanInput, request: RunRequest): Plan {
  const builder = new PlanBuilder(input.project.name);
  const { service, withDependencies } = request;
  const all = orderedServices(input.project, [service], withDependencies);
  const dependencies = all.filter((name) => name !== service);
  const up: UpRequest = {
    services: dependencies,
    withDependencies,
    recreate: 'changed',
    recreateDependencies: 'changed',
    scale: {},
    orphans: request.orphans,
    renewAnonymousVolumes: false,
    start: true,
    allResources: false,
    wait: false,
  };
  planOrphans(input, builder, up);
  const resources = planResources(
    input,
    builder,
    usedResources(input.project, all, false),
    new Map(),
  );
  const planner = new ReplicaPlanner(input, builder, up, resources, new Map());
  for (const name of dependencies) {
    planner.prepare(name, declaredReplicas(input.project.services[name] ?? {}));
  }
  for (const name of dependencies) planner.start(name);
  planner.oneOff(service, request.definition, request);
  return builder.build();
}
