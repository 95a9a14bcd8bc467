import { AppError, isAppError } from '../../core/index.ts';
import {
  createNetwork,
  type DriverSettings,
  driverSettings,
  findNetwork,
  hostLinkName,
  type NetworkRecord,
  readNetwork,
  releaseEndpoint,
  reserveEndpoint,
} from '../../network/index.ts';
import { isContainerClaimed, type StateRoots } from '../../state/index.ts';
import type { EndpointIpam, EndpointRecord, EndpointRules } from '../container-record.ts';
import type { Undo } from '../create/create-container.ts';
import { type EndpointRequest, endpointOptions } from '../create/endpoint-request.ts';
import { defaultNetwork } from '../create/network-mode.ts';
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
  const endpoints: EndpointRecord[] = [];
  for (const request of requests) {
    endpoints.push(await reserveOne(context, owner, request, endpoints, undo));
  }
  return withDefaultRoute(context.roots, endpoints);
}

/**
 * Reserves one more attachment beside those that there are.
 * @throws {AppError} as {@link reserveEndpoints}
 */
export async function reserveOne(
  context: EngineContext,
  owner: EndpointOwner,
  request: EndpointRequest,
  others: readonly EndpointRecord[],
  undo: Undo,
): Promise<EndpointRecord> {
  const { roots } = context;
  const network = await networkOf(context, request.network);
  const settings = driverSettings(network.name, network.driver, network.options);
  const index = freeIndex(others, settings.interfacePrefix);
  const reserved = reserveEndpoint(roots, network, {
    containerId: owner.id,
    ...(owner.rememberAs === undefined ? {} : { rememberAs: owner.rememberAs }),
    ...(request.address === undefined ? {} : { address: request.address }),
    ...(request.address6 === undefined ? {} : { address6: request.address6 }),
    ...(request.mac === undefined ? {} : { macAddress: request.mac }),
    isGone: (id) => !isContainerClaimed(roots, id),
  });
  undo.push(() => releaseEndpoint(roots, reserved, owner.id));
  const { interfaceName } = endpointOptions(request.driverOpts, '', network.name);
  const name = interfaceName ?? `${settings.interfacePrefix}${index}`;
  if (others.some((other) => other.interface === name)) {
    const message = `network "${network.name}": the container has an interface "${name}" already`;
    throw new AppError('ENGINE_CREATE_OPTION_INVALID', message);
  }
  return {
    ...reserved,
    interface: name,
    hostName: hostLinkName(owner.id, freeHostIndex(others, owner.id)),
    isDefault: false,
    aliases: request.aliases,
    links: request.links,
    gwPriority: request.gwPriority,
    ipamConfig: ipamConfig(request),
    link: settings.link,
    isolated: settings.isolated,
    routed6: settings.routed6,
    rules: network.driver === 'bridge' ? rulesOf(network, settings) : null,
    linkLocal: request.linkLocal,
    driverOpts: request.driverOpts,
  };
}

function rulesOf(
  { subnet, subnet6, internal }: NetworkRecord,
  { masquerade, masquerade6 }: DriverSettings,
): EndpointRules {
  return { subnet, subnet6, internal, masquerade, masquerade6 };
}

/** Marks the one that carries the default route. */
export function withDefaultRoute(
  roots: StateRoots,
  endpoints: readonly EndpointRecord[],
): EndpointRecord[] {
  const gateway = defaultGateway(endpoints, (id) => readNetwork(roots, id)?.internal ?? false);
  return endpoints.map((endpoint) => ({ ...endpoint, isDefault: endpoint === gateway }));
}

/** The first number whose interface is free: `eth0`, then `eth1`. */
function freeIndex(others: readonly EndpointRecord[], prefix: string): number {
  let index = 0;
  while (others.some((other) => other.interface === `${prefix}${index}`)) index += 1;
  return index;
}

function freeHostIndex(others: readonly EndpointRecord[], id: string): number {
  let index = 0;
  while (others.some(({ hostName }) => hostName === hostLinkName(id, index))) index += 1;
  return index;
}

function ipamConfig({ address, address6, linkLocal }: EndpointRequest): EndpointIpam | null {
  if (address === undefined && address6 === undefined && linkLocal.length === 0) return null;
  return {
    ...(address === undefined ? {} : { IPv4Address: address }),
    ...(address6 === undefined ? {} : { IPv6Address: address6 }),
    ...(linkLocal.length === 0
      ? {}
      : { LinkLocalIPs: linkLocal.map((text) => text.split('/')[0] ?? '') }),
  };
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
  isInternal: (networkId: string) => boolean,
): EndpointRecord | undefined {
  return endpoints
    .filter(({ networkId }) => !isInternal(networkId))
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
