import type { ObservedContainer, ObservedProject } from './observed.ts';
import { type Plan, PlanBuilder } from './plan.ts';
import { dependsOn, inOrder } from './plan-containers.ts';
import { planRemoval } from './plan-stop.ts';

/** What `down` asks for. Everything else it needs is in the labels: no compose file is read. */
export interface DownRequest {
  readonly project: string;
  /** `-v`: also named volumes of the project and anonymous ones of its containers. */
  readonly volumes: boolean;
  readonly timeoutS?: number;
  /** Named services only: then networks and volumes stay. */
  readonly services: readonly string[];
  /** `--rmi`: images that are no longer needed, by reference. */
  readonly images: readonly string[];
  /** `--remove-orphans`: containers of services that the file does not have too; known only with a file. */
  readonly knownServices?: ReadonlySet<string>;
}

/** Stops and removes containers, dependants first, then networks, volumes and images. */
export function planDown(observed: ObservedProject, request: DownRequest): Plan {
  const builder = new PlanBuilder(request.project);
  const containers = observed.containers.filter((container) => isConcerned(container, request));
  const gone = new Map<string, string>();
  const before = (a: ObservedContainer, b: ObservedContainer) => dependsOn(a, b.service);
  for (const container of inOrder(containers, before)) {
    const needs = containers
      .filter((other) => before(other, container))
      .map(({ id }) => gone.get(id));
    gone.set(
      container.id,
      planRemoval(builder, container, {
        cause: 'down',
        stops: 'always',
        needs,
        timeoutS: request.timeoutS,
        anonymousVolumes: request.volumes,
      }),
    );
  }
  if (request.services.length > 0) return builder.build();
  for (const { name } of observed.networks) {
    builder.add(
      {
        resource: { kind: 'Network', name },
        action: { kind: 'removeNetwork', network: name },
        cause: 'down',
      },
      gone.values(),
    );
  }
  if (request.volumes) {
    for (const { name } of observed.volumes) {
      builder.add(
        {
          resource: { kind: 'Volume', name },
          action: { kind: 'removeVolume', volume: name },
          cause: 'down --volumes',
        },
        gone.values(),
      );
    }
  }
  for (const image of request.images) {
    builder.add(
      {
        resource: { kind: 'Image', name: image },
        action: { kind: 'removeImage', image },
        cause: 'down --rmi',
      },
      gone.values(),
    );
  }
  return builder.build();
}

function isConcerned({ service }: ObservedContainer, request: DownRequest): boolean {
  if (request.services.length > 0) return request.services.includes(service);
  return request.knownServices === undefined || request.knownServices.has(service);
}
