import { attachedNetworks } from './container/index.ts';
import type { PlanBuilder } from './plan.ts';
import type { PlanInput, UpRequest } from './plan-input.ts';
import { planRemoval } from './plan-stop.ts';

/** What has to go before networks can be made anew. */
export interface FirstRemovals {
  /** Network key → the operation that removes the old network. */
  readonly networks: ReadonlyMap<string, string>;
  /** Id of a container that goes with its network → the operation that removes it. */
  readonly containers: ReadonlyMap<string, string>;
}

/**
 * A network whose definition changed is removed and created again, which needs its containers out of the way
 * first: they are removed here and planned as missing ones later.
 */
export function planFirstRemovals(
  { project, observed }: PlanInput,
  builder: PlanBuilder,
  changed: readonly string[],
  { timeoutS }: Pick<UpRequest, 'timeoutS'>,
): FirstRemovals {
  const containers = new Map<string, string>();
  const networks = new Map<string, string>();
  for (const key of [...changed].sort()) {
    const name = project.networks?.[key]?.name ?? key;
    const attached = observed.containers.filter(({ service, info }) => {
      const definition = project.services[service];
      return (
        info.NetworkSettings?.Networks?.[name] !== undefined ||
        (definition !== undefined && attachedNetworks(definition).includes(key))
      );
    });
    for (const container of attached) {
      if (containers.has(container.id)) continue;
      const cause = `network ${name} changed`;
      containers.set(container.id, planRemoval(builder, container, { cause, timeoutS }));
    }
    networks.set(
      key,
      builder.add(
        {
          resource: { kind: 'Network', name },
          action: { kind: 'removeNetwork', network: name },
          cause: 'its definition changed',
        },
        attached.map(({ id }) => containers.get(id)),
      ),
    );
  }
  return { networks, containers };
}
