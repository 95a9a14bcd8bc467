import type { Service, ServiceNetwork } from '../../model/index.ts';
import { serviceOfMode } from '../service-reference.ts';
import { defined, type Translation } from './translation.ts';

/** `HostConfig.NetworkMode` and `NetworkingConfig.EndpointsConfig` of one container. */
export interface WireNetworking {
  readonly networkMode: string;
  readonly endpoints: Readonly<Record<string, unknown>>;
}

/** `network_mode` or `networks` (the one with the highest priority first), with aliases and fixed addresses. */
export function translateNetworking(
  translation: Translation,
  containerName: string,
  withAliases: boolean,
): WireNetworking {
  const { service, project } = translation;
  if (service.network_mode !== undefined) {
    return { networkMode: resolveMode(translation, service.network_mode), endpoints: {} };
  }
  const networks = sortedNetworks(service);
  if (networks.length === 0) return { networkMode: 'none', endpoints: {} };
  const endpoints: Record<string, unknown> = {};
  for (const [key, attachment] of networks) {
    const primary = Object.keys(endpoints).length === 0;
    endpoints[project.networks?.[key]?.name ?? key] = defined({
      Aliases: withAliases
        ? [...new Set([containerName, translation.name, ...(attachment.aliases ?? [])])]
        : [],
      Links: links(translation),
      MacAddress: attachment.mac_address ?? (primary ? service.mac_address : undefined),
      IPAMConfig: ipamConfig(attachment),
      DriverOpts: driverOptions(attachment),
      GwPriority: attachment.gw_priority,
    });
  }
  return { networkMode: Object.keys(endpoints)[0] ?? 'none', endpoints };
}

/** Keys of the networks that a service is attached to, first one first. */
export function attachedNetworks(service: Service): string[] {
  return service.network_mode === undefined ? sortedNetworks(service).map(([key]) => key) : [];
}

function sortedNetworks(service: Service): [string, ServiceNetwork][] {
  return Object.entries(service.networks ?? {})
    .map(([key, attachment]): [string, ServiceNetwork] => [key, attachment ?? {}])
    .sort(([a, { priority: pa = 0 }], [b, { priority: pb = 0 }]) => pb - pa || (a < b ? -1 : 1));
}

function resolveMode({ containerOf }: Translation, mode: string): string {
  const service = serviceOfMode(mode);
  return service === undefined ? mode : `container:${containerOf(service)}`;
}

function links({ service, containerOf }: Translation): string[] | undefined {
  if (service.links === undefined && service.external_links === undefined) return undefined;
  const own = (service.links ?? []).flatMap((link) => {
    const [target = '', alias = target] = link.split(':');
    return [`${containerOf(target)}:${alias}`];
  });
  const external = (service.external_links ?? []).map((link) =>
    link.includes(':') ? link : `${link}:${link}`,
  );
  return [...own, ...external];
}

/** An interface's name is one of them on the wire. */
function driverOptions({ driver_opts, interface_name }: ServiceNetwork) {
  if (interface_name === undefined) return driver_opts;
  return { ...driver_opts, 'com.docker.network.endpoint.ifname': interface_name };
}

function ipamConfig({ ipv4_address, ipv6_address, link_local_ips }: ServiceNetwork) {
  if (ipv4_address === undefined && ipv6_address === undefined && link_local_ips === undefined) {
    return undefined;
  }
  return defined({
    IPv4Address: ipv4_address,
    IPv6Address: ipv6_address,
    LinkLocalIPs: link_local_ips,
  });
}
