import type { AppError } from '../../core/index.ts';
import { findPortOwner, parseHostPort, portTaken } from '../../network/index.ts';
import type { EngineContext } from '../engine-context.ts';
import { observeContainers } from '../observe/observed-containers.ts';

/**
 * The error for a port that a start found taken, with who has it.
 * @param place  as the native side writes it: `tcp/0.0.0.0:3000`.
 * @returns undefined where the text names no port.
 */
export function portTakenError(context: EngineContext, place: string): AppError | undefined {
  const port = parseHostPort(place);
  if (port === undefined) return undefined;
  const containers = observeContainers(context).map(({ record, state }) => {
    const project = record.config.Labels['com.docker.compose.project'];
    return { name: record.name, ports: state.ports, ...(project === undefined ? {} : { project }) };
  });
  return portTaken(port, findPortOwner(port, containers));
}
