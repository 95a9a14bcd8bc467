import type Dockerode from 'dockerode';
import type { NetworkRecord } from './network-record.ts';

/** A running container on a network. */
export interface ConnectedContainer {
  readonly id: string;
  readonly name: string;
  readonly endpointId: string;
  readonly mac: string;
  readonly address: string;
  readonly prefixLength: number;
  /** With its prefix length; empty where there is none. */
  readonly address6: string;
}

/** Docker has shown this since its engine 27; dockerode's type does not know it. */
export type NetworkView = Dockerode.NetworkInspectInfo & { readonly EnableIPv4: boolean };

/**
 * A network as Docker's API shows it.
 * @param connected running containers; a listing leaves them out, as Docker does.
 */
export function networkView(
  record: NetworkRecord,
  connected: readonly ConnectedContainer[] = [],
): NetworkView {
  return {
    Name: record.name,
    Id: record.id,
    Created: record.created,
    Scope: 'local',
    Driver: record.driver,
    EnableIPv4: true,
    EnableIPv6: record.subnet6 !== null,
    IPAM: {
      Driver: 'default',
      Options: {},
      Config: [
        {
          Subnet: record.subnet,
          ...(record.ipRange === null ? {} : { IPRange: record.ipRange }),
          Gateway: record.gateway,
          ...auxiliary(record, false),
        },
        ...(record.subnet6 === null
          ? []
          : [
              {
                Subnet: record.subnet6,
                Gateway: record.gateway6 ?? '',
                ...auxiliary(record, true),
              },
            ]),
      ],
    },
    Internal: record.internal,
    Attachable: record.attachable,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: Object.fromEntries(
      connected.map((container) => [
        container.id,
        {
          Name: container.name,
          EndpointID: container.endpointId,
          MacAddress: container.mac,
          IPv4Address: `${container.address}/${container.prefixLength}`,
          IPv6Address: container.address6,
        },
      ]),
    ),
    Options: { ...record.options },
    Labels: { ...record.labels },
  };
}

/** The reserved addresses of one family. */
function auxiliary(
  { auxAddresses }: NetworkRecord,
  isIpv6: boolean,
): { AuxiliaryAddresses?: Record<string, string> } {
  const own = Object.entries(auxAddresses).filter(([, text]) => text.includes(':') === isIpv6);
  return own.length === 0 ? {} : { AuxiliaryAddresses: Object.fromEntries(own) };
}
