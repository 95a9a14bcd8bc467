import { AppError, isAppError } from '../../core/index.ts';
import { findNetwork } from '../../network/index.ts';
import { containerPaths, withProcessLock, writeFileAtomic } from '../../state/index.ts';
import type { ContainerRecord } from '../container-record.ts';
import { askShim } from '../control/control-container.ts';
import { sharedNamespaces } from '../control/start-container.ts';
import { updateBundle } from '../create/bundle.ts';
import type { Undo } from '../create/create-container.ts';
import { endpointRequest } from '../create/endpoint-request.ts';
import { type EngineContext, emit } from '../engine-context.ts';
import { observeContainer } from '../observe/observed-containers.ts';
import { isRunning } from '../observe/running.ts';
import { ensureBridges } from './ensure-bridges.ts';
import { releaseEndpoints, reserveOne, withDefaultRoute } from './reserve-endpoints.ts';

/**
 * Attaches a container to one more network; one that runs has it at once.
 * @param settings Docker's `EndpointSettings`.
 * @throws {AppError} `ENGINE_NETWORK_MODE_UNUSABLE`, `NETWORK_ALREADY_CONNECTED`, `NETWORK_NOT_FOUND`, `NETWORK_ADDRESS_…`
 */
export async function connectNetwork(
  context: EngineContext,
  idOrName: string,
  container: string,
  settings: object = {},
): Promise<void> {
  const network = findNetwork(context.roots, idOrName);
  await change(context, container, async (record, undo) => {
    if (record.networkMode.kind !== 'bridge') {
      const kind = record.networkMode.kind === 'join' ? 'container' : record.networkMode.kind;
      const message = `container ${record.name} has network mode "${kind}" and cannot join a network`;
      throw new AppError('ENGINE_NETWORK_MODE_UNUSABLE', message);
    }
    if (record.endpoints.some(({ networkId }) => networkId === network.id)) {
      const message = `container ${record.name} is already attached to network ${network.name}`;
      throw new AppError('NETWORK_ALREADY_CONNECTED', message);
    }
    const added = await reserveOne(
      context,
      { id: record.id, rememberAs: record.name },
      endpointRequest(network.name, settings),
      record.endpoints,
      undo,
    );
    return { ...record, endpoints: withDefaultRoute(context.roots, [...record.endpoints, added]) };
  });
  emitChange(context, 'connect', network, container);
}

/**
 * Takes a container off a network; its address there is free again.
 * @throws {AppError} `NETWORK_NOT_CONNECTED`, `NETWORK_NOT_FOUND`
 */
export async function disconnectNetwork(
  context: EngineContext,
  idOrName: string,
  container: string,
  { force = false }: { force?: boolean } = {},
): Promise<void> {
  const network = findNetwork(context.roots, idOrName);
  try {
    await change(context, container, async (record) => {
      const rest = record.endpoints.filter(({ networkId }) => networkId !== network.id);
      if (rest.length === record.endpoints.length) {
        const message = `container ${record.name} is not connected to network ${network.name}`;
        throw new AppError('NETWORK_NOT_CONNECTED', message);
      }
      return { ...record, endpoints: withDefaultRoute(context.roots, rest) };
    });
  } catch (error) {
    if (force && isAppError(error, 'ENGINE_CONTAINER_NOT_FOUND')) return;
    throw error;
  }
  emitChange(context, 'disconnect', network, container);
}

/**
 * Gives a container other endpoints. What cannot be done leaves everything as it was. The record comes last but for what is given
 * back: whoever is killed in between leaves the old one, and the same command does it all again.
 */
async function change(
  context: EngineContext,
  idOrName: string,
  next: (record: ContainerRecord, undo: Undo) => Promise<ContainerRecord>,
): Promise<void> {
  const { id } = observeContainer(context, idOrName).record;
  const paths = containerPaths(context.roots, id);
  await withProcessLock(paths.lock, async () => {
    const { record, state } = observeContainer(context, id);
    const undo: Undo = [];
    try {
      const changed = await next(record, undo);
      const isLive = isRunning(state);
      const pids = isLive ? sharedNamespaces(context, record) : new Map<string, number>();
      updateBundle(context, changed, pids);
      undo.push(() => updateBundle(context, record, pids));
      if (isLive) {
        await ensureBridges(context, changed.endpoints);
        await askShim(context, id, { op: 'reload' });
      }
      writeFileAtomic(paths.record, JSON.stringify(changed));
      const kept = new Set(changed.endpoints.map(({ networkId }) => networkId));
      const gone = record.endpoints.filter(({ networkId }) => !kept.has(networkId));
      releaseEndpoints(context, id, gone);
    } catch (error) {
      for (const step of undo.reverse()) await step();
      throw error;
    }
  });
}

function emitChange(
  context: EngineContext,
  action: 'connect' | 'disconnect',
  network: { readonly id: string; readonly name: string; readonly driver: string },
  container: string,
): void {
  emit(context, 'network', action, {
    id: network.id,
    attributes: { container, name: network.name, type: network.driver },
  });
}
