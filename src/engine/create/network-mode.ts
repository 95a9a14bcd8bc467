import { AppError } from '../../core/index.ts';
import type { ContainerCreateOptions } from '../api.ts';
import type { ContainerNetworkMode } from '../container-record.ts';
import { type EndpointRequest, endpointRequest } from './endpoint-request.ts';
import type { PublishedPort } from './published-ports.ts';

/** The network that a container joins when it is told none. */
export const defaultNetwork = 'bridge';

/** The mode and, for a bridge, the networks in the order of their interfaces. */
export interface NetworkRequest {
  readonly mode: ContainerNetworkMode;
  readonly endpoints: readonly EndpointRequest[];
}

/**
 * Reads `HostConfig.NetworkMode` and `NetworkingConfig`.
 * @param containerId  finds the full id for `container:NAME`.
 * @throws {AppError} `ENGINE_CREATE_OPTION_INVALID`, `ENGINE_CREATE_OPTION_UNSUPPORTED`,
 *   `ENGINE_NETWORK_MODE_UNUSABLE`
 */
export function networkRequest(
  options: ContainerCreateOptions,
  ports: readonly PublishedPort[],
  containerId: (idOrName: string) => string,
): NetworkRequest {
  const named = options.HostConfig?.NetworkMode ?? '';
  const text = options.NetworkDisabled
    ? 'none'
    : named === '' || named === 'default'
      ? defaultNetwork
      : named;
  const settings = Object.entries(options.NetworkingConfig?.EndpointsConfig ?? {});
  if (text === 'host' || text === 'none' || text.startsWith('container:')) {
    const extra = settings.find(([network]) => network !== text);
    if (extra !== undefined) {
      throw unusable(`network mode "${text}" cannot be combined with network "${extra[0]}"`);
    }
    checkPorts(text, ports);
    if (text === 'host' || text === 'none') return { mode: { kind: text }, endpoints: [] };
    if (options.Hostname) {
      throw unusable('conflicting options: hostname and the network mode');
    }
    const container = containerId(text.slice('container:'.length));
    return { mode: { kind: 'join', container }, endpoints: [] };
  }
  const requests = settings.map(([network, value]) => endpointRequest(network, value ?? {}));
  const first = requests.find(({ network }) => network === text);
  const primary: EndpointRequest = first ?? {
    network: text,
    aliases: [],
    links: [],
    linkLocal: [],
    gwPriority: 0,
    driverOpts: {},
  };
  const mac = options.MacAddress;
  return {
    mode: { kind: 'bridge' },
    endpoints: [
      mac && primary.mac === undefined ? { ...primary, mac } : primary,
      ...requests.filter((request) => request !== first),
    ],
  };
}

/** Only on a network of its own can a container's port be another one on the host. */
function checkPorts(mode: string, ports: readonly PublishedPort[]): void {
  for (const { hostPort, containerPort, protocol } of ports) {
    // In the host's network, 80:80 asks for what is so anyway.
    if (mode === 'host' && (hostPort === containerPort || hostPort === 0)) continue;
    throw unusable(
      `port ${containerPort}/${protocol} cannot be published in network mode "${mode}"`,
      mode === 'host'
        ? 'Let the service listen on the port that is wanted, or give it a network of its own.'
        : undefined,
    );
  }
}

function unusable(message: string, hint?: string): AppError {
  return new AppError('ENGINE_NETWORK_MODE_UNUSABLE', message, hint === undefined ? {} : { hint });
}
