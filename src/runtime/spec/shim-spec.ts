import { join } from 'node:path';
import type { StateRoots } from '../../state/index.ts';
import type { RuntimeContainer } from './input.ts';

/**
 * A container's shim.json; docs/on-disk-layout.md is its description.
 * @param folder `<data>/containers/<id>`.
 */
export function shimSpec(
  container: RuntimeContainer,
  folder: string,
  roots: StateRoots,
  events: string = join(roots.run, 'events'),
) {
  const { network, log } = container;
  return {
    version: 1,
    id: container.id,
    name: container.name,
    ...(container.runtimeProgram === undefined ? {} : { runtime: container.runtimeProgram }),
    overlay: {
      lower: [...container.layers],
      upper: join(folder, 'upper'),
      work: join(folder, 'work'),
    },
    tty: container.tty ?? false,
    stdinOpen: container.stdinOpen ?? false,
    stdinOnce: container.stdinOnce ?? false,
    ...(container.diesWithClient ? { diesWithClient: true } : {}),
    network: {
      table: network.table,
      mode: network.mode,
      ...(network.joinContainer === undefined ? {} : { joinContainer: network.joinContainer }),
      endpoints: network.endpoints,
      ports: network.ports,
      resolver: network.resolver,
      project: network.project,
    },
    log: {
      driver: log.driver,
      path: join(folder, 'log'),
      maxSize: log.maxSizeBytes,
      maxFiles: log.maxFiles,
      compress: log.compress ?? true,
    },
    restart: container.restart,
    healthcheck: container.healthcheck,
    stop: container.stop,
    events,
    labels: container.labels,
  };
}
