import { AppError } from '../../core/index.ts';
import {
  createNetwork,
  findNetwork,
  listNetworks,
  type NetworkRecord,
  networkView,
  removeNetwork,
} from '../../network/index.ts';
import type { Filters, NetworkCreateOptions, NetworkInspectInfo } from '../api.ts';
import { type EngineContext, emit } from '../engine-context.ts';
import { endpointId } from '../observe/network-settings.ts';
import { observeContainers } from '../observe/observed-containers.ts';
import { labelsMatch, nameMatches } from '../observe/resource-filters.ts';
import { hasProcess, isRunning } from '../observe/running.ts';
import { networkContext } from './network-context.ts';

/** @returns the new network's id. */
export async function createEngineNetwork(
  context: EngineContext,
  options: NetworkCreateOptions,
): Promise<string> {
  const { id, name, driver } = await createNetwork(await networkContext(context), options);
  // Its bridge was made with it: the starts that follow need not ask again.
  context.ensuredBridges.set(id, { at: context.now(), done: Promise.resolve() });
  emit(context, 'network', 'create', { id, attributes: { name, type: driver } });
  return id;
}

/** One network with the containers that run on it. @throws {AppError} `NETWORK_NOT_FOUND` */
export function inspectNetwork(context: EngineContext, idOrName: string): NetworkInspectInfo {
  const network = findNetwork(context.roots, idOrName);
  const connected = observeContainers(context).flatMap(({ record, state }) =>
    record.endpoints
      .filter(({ networkId }) => networkId === network.id && hasProcess(state))
      .map(({ mac, address, prefixLength, address6, prefixLength6 }) => ({
        id: record.id,
        name: record.name,
        endpointId: endpointId(record.id, network.id),
        mac,
        address,
        prefixLength,
        address6: address6 ? `${address6}/${prefixLength6}` : '',
      })),
  );
  return networkView(network, connected);
}

/**
 * Removes a network that no container runs on. Stopped containers that were on it keep their address in their record and
 * cannot start any more, as in Docker.
 * @throws {AppError} `NETWORK_IN_USE`, `NETWORK_NOT_FOUND`
 */
export async function removeEngineNetwork(context: EngineContext, idOrName: string): Promise<void> {
  const network = findNetwork(context.roots, idOrName);
  const active = observeContainers(context)
    .filter(
      ({ record, state }) =>
        isRunning(state) && record.endpoints.some(({ networkId }) => networkId === network.id),
    )
    .map(({ record: { id, name } }) => ({ id, name }));
  await removeNetwork({ roots: context.roots, native: await context.native() }, network, active);
  context.ensuredBridges.delete(network.id);
  emit(context, 'network', 'destroy', {
    id: network.id,
    attributes: { name: network.name, type: network.driver },
  });
}

type Test = (network: NetworkRecord, values: readonly string[]) => boolean;

const filters: Readonly<Record<string, Test>> = {
  name: ({ name }, values) => nameMatches(name, values),
  id: ({ id }, values) => values.some((value) => id.includes(value)),
  label: ({ labels }, values) => labelsMatch(labels, values),
  driver: ({ driver }, values) => values.includes(driver),
  scope: (_, values) => values.includes('local'),
  type: (_, values) => values.includes('custom'),
};

/** All networks that meet the filters, by name. @throws {AppError} `ENGINE_FILTER_INVALID` */
export function listEngineNetworks(
  { roots }: EngineContext,
  given: Filters = {},
): NetworkInspectInfo[] {
  const tests = Object.entries(given).map(([name, values]) => {
    const test = Object.hasOwn(filters, name) ? filters[name] : undefined;
    if (test === undefined) {
      const known = Object.keys(filters).join(', ');
      throw new AppError('ENGINE_FILTER_INVALID', `invalid filter '${name}'; known: ${known}`);
    }
    return (network: NetworkRecord) => values.length === 0 || test(network, values);
  });
  return listNetworks(roots)
    .filter((network) => tests.every((test) => test(network)))
    .map((network) => networkView(network));
}
