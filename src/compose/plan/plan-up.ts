import { declaredReplicas } from './names.ts';
import { type Plan, PlanBuilder } from './plan.ts';
import { planFirstRemovals } from './plan-changed-networks.ts';
import type { PlanInput, UpRequest } from './plan-input.ts';
import { planOrphans } from './plan-orphans.ts';
import { changedNetworks, planResources } from './plan-resources.ts';
import { ReplicaPlanner } from './replica/replica-planner.ts';
import { orderedServices } from './service-order.ts';
import { usedResources } from './used-resources.ts';

/**
 * Plans `up` (and `create`, and the scaling up and down that comes with them): networks and volumes that are missing, containers
 * that are missing, outdated or superfluous, then the starts, each behind the conditions of its `depends_on`.
 *
 * Creation does not wait for dependencies, starting does: so all that can be prepared is, while the first ones start.
 */
export function planUp(input: PlanInput, request: UpRequest): Plan {
  const builder = new PlanBuilder(input.project.name);
  const services = orderedServices(input.project, request.services, request.withDependencies);
  const used = usedResources(input.project, services, request.allResources);

  planOrphans(input, builder, request);
  const changed = changedNetworks(input, used.networks);
  const removals = planFirstRemovals(input, builder, changed, request);
  const resources = planResources(input, builder, used, removals.networks);

  const planner = new ReplicaPlanner(input, builder, request, resources, removals.containers);
  for (const service of services)
    planner.prepare(service, desiredReplicas(input, request, service));
  if (request.start) {
    for (const service of services) planner.start(service);
    planner.restartDependants(services);
    if (request.wait) for (const service of services) planner.waitUntilReady(service);
  }
  return builder.build();
}

function desiredReplicas({ project }: PlanInput, request: UpRequest, service: string): number {
  const definition = project.services[service];
  const declared = definition === undefined ? 0 : declaredReplicas(definition);
  return request.scale[service] ?? declared;
}
