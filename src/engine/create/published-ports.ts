import { isIP } from 'node:net';
import { AppError } from '../../core/index.ts';

export type PortProtocol = 'tcp' | 'udp';

/** One published port; `hostPort` 0 asks for an ephemeral one at each start. */
export interface PublishedPort {
  readonly protocol: PortProtocol;
  readonly hostIp: string;
  readonly hostPort: number;
  readonly containerPort: number;
}

/**
 * Reads `HostConfig.PortBindings` (`{"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}`) and, with `publishAll`, the
 * exposed ports that it does not name. A binding without an address is for every address: one of IPv4 and, where the host
 * has IPv6, one of IPv6, which get the same number.
 * @param everyAddress  `['0.0.0.0', '::']`, or what of it the host has.
 * @throws {AppError} `ENGINE_CREATE_OPTION_INVALID`
 */
export function publishedPorts(
  bindings: unknown,
  exposed: Readonly<Record<string, object>>,
  publishAll: boolean,
  everyAddress: readonly string[] = ['0.0.0.0', '::'],
): PublishedPort[] {
  const ports: PublishedPort[] = [];
  const named = new Set<string>();
  for (const [key, value] of Object.entries(asObject(bindings ?? {}, 'HostConfig.PortBindings'))) {
    const { port, protocol } = parsePortKey(key);
    named.add(`${port}/${protocol}`);
    // An empty or null list is how Docker's clients say "any free port".
    const list = Array.isArray(value) && value.length > 0 ? value : [{}];
    for (const entry of list) {
      const { hostIp, hostPort } = parseBinding(entry, key);
      for (const address of hostIp === '' ? everyAddress : [hostIp]) {
        ports.push({ protocol, hostIp: address, hostPort, containerPort: port });
      }
    }
  }
  if (publishAll) {
    for (const key of Object.keys(exposed)) {
      const { port, protocol } = parsePortKey(key);
      if (named.has(`${port}/${protocol}`)) continue;
      for (const hostIp of everyAddress) {
        ports.push({ protocol, hostIp, hostPort: 0, containerPort: port });
      }
    }
  }
  return ports;
}

/** Reads `80/tcp`, `53/udp` or `80`. */
export function parsePortKey(key: string): { port: number; protocol: PortProtocol } {
  const [number = '', protocol = 'tcp', ...rest] = key.split('/');
  const port = parsePort(number);
  if (port === undefined || port === 0 || rest.length > 0) {
    throw invalid(`invalid port specification: "${key}"`);
  }
  if (protocol !== 'tcp' && protocol !== 'udp') {
    throw invalid(`port "${key}": protocol "${protocol}" is not supported, only tcp and udp are`);
  }
  return { port, protocol };
}

function parseBinding(entry: unknown, key: string): { hostIp: string; hostPort: number } {
  const place = `HostConfig.PortBindings["${key}"]`;
  const { HostIp = '', HostPort = '', ...rest } = asObject(entry, place);
  const extra = Object.keys(rest)[0];
  if (extra !== undefined) throw invalid(`${place}: unknown key "${extra}"`);
  if (typeof HostIp !== 'string' || (HostIp !== '' && isIP(HostIp) === 0)) {
    throw invalid(`${place}: HostIp ${JSON.stringify(HostIp)} is no IP address`);
  }
  if (typeof HostPort === 'string' && /^\d+-\d+$/.test(HostPort)) {
    throw invalid(`${place}: a range of host ports ("${HostPort}") is not supported`);
  }
  const hostPort = HostPort === '' ? 0 : parsePort(String(HostPort));
  if (hostPort === undefined) throw invalid(`${place}: invalid port specification: "${HostPort}"`);
  return { hostIp: HostIp, hostPort };
}

function parsePort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 65536;
  return port > 65535 ? undefined : port;
}

function asObject(value: unknown, place: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(`${place}: must be an object`);
  }
  return value as Record<string, unknown>;
}

function invalid(message: string): AppError {
  return new AppError('ENGINE_CREATE_OPTION_INVALID', message);
}
