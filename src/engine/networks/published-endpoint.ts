import { AppError } from '../../core/index.ts';
import type { ContainerRecord, EndpointRecord } from '../container-record.ts';

/** The attachment that published ports lead to: on a bridge, and the one with the default route if it is one. */
export function publishedEndpoint(
  endpoints: readonly EndpointRecord[],
): EndpointRecord | undefined {
  const bridged = endpoints.filter(({ link = 'veth' }) => link === 'veth');
  return bridged.find(({ isDefault }) => isDefault) ?? bridged[0];
}

/**
 * A container on a macvlan is a machine of its own on the wire: the host has no part in its packets.
 * @throws {AppError} `ENGINE_NETWORK_MODE_UNUSABLE`
 */
export function checkPublished({
  name,
  ports,
  endpoints,
}: Pick<ContainerRecord, 'name' | 'ports' | 'endpoints'>): void {
  const [port] = ports;
  if (port === undefined || endpoints.length === 0) return;
  if (publishedEndpoint(endpoints) !== undefined) return;
  throw new AppError(
    'ENGINE_NETWORK_MODE_UNUSABLE',
    `container ${name}: port ${port.containerPort}/${port.protocol} cannot be published from a macvlan or ipvlan network`,
    {
      hint: "Leave `ports` out: others reach the container at its own address on the parent's wire.",
    },
  );
}
