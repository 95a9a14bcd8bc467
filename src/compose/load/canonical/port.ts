/** The short form of a published port: `[[IP:]PUBLISHED:]TARGET[/PROTOCOL]`, ports and ranges of ports. */
import { isIP } from 'node:net';

export interface ParsedPort {
  readonly target: number;
  readonly published?: string;
  readonly protocol: string;
  readonly hostIp?: string;
}

export type PortParse =
  | { readonly ports: readonly ParsedPort[]; readonly problem?: undefined }
  | { readonly ports?: undefined; readonly problem: string };

interface PortRange {
  readonly start: number;
  readonly end: number;
}

const protocols = new Set(['tcp', 'udp', 'sctp']);

export function parsePorts(spec: string): PortParse {
  const parts = spec.split(':');
  const [container = ''] = parts.slice(-1);
  const hostPort = parts.length > 1 ? (parts.at(-2) ?? '') : '';
  const address = parts.length > 2 ? parts.slice(0, -2).join(':') : '';

  const hostIp = address.replace(/^\[(.*)\]$/, '$1');
  if (hostIp !== '' && isIP(hostIp.split('%', 1)[0] ?? '') === 0) {
    return { problem: `"${hostIp}" is no IP address` };
  }
  if (address.includes(':') && !address.startsWith('[')) {
    return { problem: `write the IPv6 address in brackets: "[${address}]"` };
  }
  const [containerPort = '', rawProtocol = 'tcp'] = container.split('/');
  if (containerPort === '') {
    return { problem: 'the container port is missing' };
  }
  const target = parseRange(containerPort);
  if (target === undefined) {
    return { problem: `"${containerPort}" is no port or range of ports` };
  }
  if (target.start === 0) {
    return { problem: 'the container port cannot be 0' };
  }
  const published = hostPort === '' ? undefined : parseRange(hostPort);
  if (hostPort !== '' && published === undefined) {
    return { problem: `"${hostPort}" is no port or range of ports` };
  }
  const protocol = (rawProtocol === '' ? 'tcp' : rawProtocol).toLowerCase();
  if (!protocols.has(protocol)) {
    return { problem: `protocol "${rawProtocol}" is not tcp, udp or sctp` };
  }
  return expand(target, published, protocol, hostIp);
}

function expand(
  target: PortRange,
  published: PortRange | undefined,
  protocol: string,
  hostIp: string,
): PortParse {
  const width = target.end - target.start;
  const isAnyOf = published !== undefined && width === 0 && published.end > published.start;
  if (published !== undefined && !isAnyOf && published.end - published.start !== width) {
    return { problem: 'the two ranges of ports have different lengths' };
  }
  const address = hostIp === '' ? {} : { hostIp };
  const ports: ParsedPort[] = [];
  for (let offset = 0; offset <= width; offset += 1) {
    const host =
      published === undefined
        ? {}
        : isAnyOf
          ? { published: `${published.start}-${published.end}` }
          : { published: String(published.start + offset) };
    ports.push({ target: target.start + offset, protocol, ...host, ...address });
  }
  // Compose lists a range in the order of the ports' texts
  return { ports: ports.sort((a, b) => (String(a.target) < String(b.target) ? -1 : 1)) };
}

function parseRange(text: string): PortRange | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (match === null) {
    return undefined;
  }
  const start = Number(match[1]);
  const end = match[2] === undefined ? start : Number(match[2]);
  return end < start || end > 65535 ? undefined : { start, end };
}
