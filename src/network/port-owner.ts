import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { AppError } from '../core/index.ts';

/** A port on the host: `tcp/0.0.0.0:3000` as the native side writes it. */
export interface HostPort {
  readonly protocol: 'tcp' | 'udp';
  readonly hostIp: string;
  readonly hostPort: number;
}

/** A container of ours with the ports that it has bound. */
export interface PublishingContainer {
  readonly name: string;
  /** Label `com.docker.compose.project`. */
  readonly project?: string;
  readonly ports: readonly HostPort[];
}

export type PortOwner =
  | { readonly kind: 'container'; readonly name: string; readonly project?: string }
  | { readonly kind: 'process'; readonly pid: number; readonly command: string };

/** Reads `tcp/0.0.0.0:3000` or `udp/[::]:53`; undefined where the text is something else. */
export function parseHostPort(text: string): HostPort | undefined {
  const [, protocol, bracketed, plain, port] =
    /^(tcp|udp)\/(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text) ?? [];
  const hostIp = bracketed ?? plain;
  if (protocol === undefined || hostIp === undefined || isIP(hostIp) === 0) return undefined;
  return { protocol: protocol as 'tcp' | 'udp', hostIp, hostPort: Number(port) };
}

/**
 * Who holds a port: one of our containers, else a process of the host.
 * @param procRoot `/proc`; a parameter for tests.
 * @returns undefined where nobody can be found: it was given back meanwhile, or a process of another namespace has it.
 */
export function findPortOwner(
  port: HostPort,
  containers: readonly PublishingContainer[],
  procRoot = '/proc',
): PortOwner | undefined {
  const container = containers.find(({ ports }) => ports.some((other) => conflicts(port, other)));
  if (container !== undefined) {
    const { name, project } = container;
    return { kind: 'container', name, ...(project === undefined ? {} : { project }) };
  }
  const inodes = new Set(
    ['', '6'].flatMap((suffix) =>
      parseSockets(readText(join(procRoot, 'net', `${port.protocol}${suffix}`)) ?? '')
        .filter((socket) => conflicts(port, { protocol: port.protocol, ...socket }))
        .map(({ inode }) => inode),
    ),
  );
  return inodes.size === 0 ? undefined : processOf(inodes, procRoot);
}

/** The error for a port that is taken, with who has it and what to do about that. */
export function portTaken(port: HostPort, owner: PortOwner | undefined): AppError {
  const place = port.hostIp.includes(':') ? `[${port.hostIp}]` : port.hostIp;
  const message = `port ${place}:${port.hostPort}/${port.protocol} is already in use`;
  const details = { ...port, owner };
  if (owner === undefined) return new AppError('PORT_ALREADY_ALLOCATED', message, { details });
  if (owner.kind === 'process') {
    return new AppError(
      'PORT_ALREADY_ALLOCATED',
      `${message} by "${owner.command}" (pid ${owner.pid})`,
      { details, hint: `Stop that program (\`kill ${owner.pid}\`), or publish another host port.` },
    );
  }
  if (owner.project === undefined) {
    return new AppError('PORT_ALREADY_ALLOCATED', `${message} by container "${owner.name}"`, {
      details,
    });
  }
  return new AppError(
    'PORT_ALREADY_ALLOCATED',
    `${message} by container "${owner.name}" of project "${owner.project}"`,
    {
      details,
      hint: `Stop it with \`compose -p ${owner.project} down\`, or publish another host port.`,
    },
  );
}

/** Two ports that cannot both be bound: equal numbers on equal addresses, or one on every address. */
function conflicts(a: HostPort, b: HostPort): boolean {
  return (
    a.protocol === b.protocol &&
    a.hostPort === b.hostPort &&
    (a.hostIp === b.hostIp || isEveryAddress(a.hostIp) || isEveryAddress(b.hostIp))
  );
}

function isEveryAddress(address: string): boolean {
  return address === '0.0.0.0' || address === '::' || address === '';
}

interface Socket {
  readonly hostIp: string;
  readonly hostPort: number;
  readonly inode: string;
}

/**
 * Sockets that others could collide with, from `/proc/net/{tcp,udp}{,6}`: listening ones, and unconnected UDP ones (state 07).
 * @see Linux Documentation/networking/proc_net_tcp.rst
 */
function parseSockets(text: string): Socket[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      const [address = '', port = ''] = local.split(':');
      if (state !== '0A' && state !== '07') return [];
      return [{ hostIp: readAddress(address), hostPort: Number.parseInt(port, 16), inode }];
    });
}

/** Addresses are printed as 32-bit words as they lie in (little-endian) memory. */
function readAddress(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16)),
  );
  if (bytes.length === 4) return bytes.join('.');
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255;
  if (mapped) return bytes.slice(12).join('.');
  if (bytes.every((byte) => byte === 0)) return '::';
  if (bytes.slice(0, 15).every((byte) => byte === 0) && bytes[15] === 1) return '::1';
  const groups = Array.from({ length: 8 }, (_, i) =>
    ((bytes[2 * i] ?? 0) * 256 + (bytes[2 * i + 1] ?? 0)).toString(16),
  );
  // The form that the URL parser of WHATWG writes is the canonical one of RFC 5952.
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

function processOf(inodes: ReadonlySet<string>, procRoot: string): PortOwner | undefined {
  for (const pid of readdirSync(procRoot).filter((name) => /^\d+$/.test(name))) {
    for (const fd of entries(join(procRoot, pid, 'fd'))) {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(readLink(join(procRoot, pid, 'fd', fd))) ?? [];
      if (inode === undefined || !inodes.has(inode)) continue;
      const command = readText(join(procRoot, pid, 'comm'))?.trim();
      return { kind: 'process', pid: Number(pid), command: command ?? '?' };
    }
  }
  return undefined;
}

/*
 * Processes come and go while we look, and those of others may be closed to us: whatever cannot be read is
 * as good as not there.
 */
function entries(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
