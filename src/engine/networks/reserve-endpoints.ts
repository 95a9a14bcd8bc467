import { isAppError } from '../../core/index.ts';
import {
  createNetwork,
  findNetwork,
  hostLinkName,
  type NetworkRecord,
  releaseEndpoint,
  reserveEndpoint,
} from '../../network/index.ts';
import { isContainerClaimed } from '../../state/index.ts';
import type { EndpointRecord } from '../container-record.ts';
import type { Undo } from '../create/create-container.ts';
import { defaultNetwork, type EndpointRequest } from '../create/network-mode.ts';
import type { EngineContext } from '../engine-context.ts';
import { networkContext } from './network-context.ts';

/** For whom addresses are reserved. */
export interface EndpointOwner {
  readonly id: string;
  /** Set where a container of the same name is likely to come again, and wants its address again. */
  readonly rememberAs: string | undefined;
}

/**
 * Reserves an address on each network, in the order of the interfaces. The default network is created when the first container
 * asks for it.
 * @throws {AppError} `NETWORK_NOT_FOUND`, `NETWORK_ADDRESS_…`
 */
export async function reserveEndpoints(
  context: EngineContext,
  owner: EndpointOwner,
  requests: readonly EndpointRequest[],
  undo: Undo,
): Promise<EndpointRecord[]> {
  const { roots } = context;
  const endpoints: EndpointRecord[] = [];
  const internal = new Map<string, boolean>();
  for (const [index, request] of requests.entries()) {
    const network = await networkOf(context, request.network);
    internal.set(network.id, network.internal);
    const reserved = reserveEndpoint(roots, network, {
      containerId: owner.id,
      ...(owner.rememberAs === undefined ? {} : { rememberAs: owner.rememberAs }),
      ...(request.address === undefined ? {} : { address: request.address }),
      ...(request.mac === undefined ? {} : { macAddress: request.mac }),
      isGone: (id) => !isContainerClaimed(roots, id),
    });
    undo.push(() => releaseEndpoint(roots, reserved, owner.id));
    endpoints.push({
      ...reserved,
      interface: `eth${index}`,
      hostName: hostLinkName(owner.id, index),
      isDefault: false,
      aliases: request.aliases,
      links: request.links,
      gwPriority: request.gwPriority,
      ipamConfig: request.address === undefined ? null : { IPv4Address: request.address },
    });
  }
  const gateway = defaultGateway(endpoints, internal);
  return endpoints.map((endpoint) => ({ ...endpoint, isDefault: endpoint === gateway }));
}

/** Gives the addresses back. */
export function releaseEndpoints(
  { roots }: EngineContext,
  id: string,
  endpoints: readonly EndpointRecord[],
): void {
  for (const endpoint of endpoints) releaseEndpoint(roots, endpoint, id);
}

/** Docker's choice: the highest priority, then the first name; an internal network leads nowhere. */
function defaultGateway(
  endpoints: readonly EndpointRecord[],
  internal: ReadonlyMap<string, boolean>,
): EndpointRecord | undefined {
  return endpoints
    .filter(({ networkId }) => !internal.get(networkId))
    .sort((a, b) => b.gwPriority - a.gwPriority || (a.networkName < b.networkName ? -1 : 1))[0];
}

async function networkOf(context: EngineContext, name: string): Promise<NetworkRecord> {
  try {
    return findNetwork(context.roots, name);
  } catch (error) {
    if (name !== defaultNetwork || !isAppError(error, 'NETWORK_NOT_FOUND')) throw error;
  }
  try {
    return await createNetwork(await networkContext(context), { Name: name });
  } catch (error) {
    // Another engine was faster.
    if (isAppError(error, 'NETWORK_NAME_TAKEN')) return findNetwork(context.roots, name);
    throw error;
  }
}
