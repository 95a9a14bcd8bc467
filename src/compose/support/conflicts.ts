/** What loads and cannot be run together: ports published twice, subnets that are none, overlap or miss an address. */
import { BlockList, isIP } from 'node:net';
import type { Diagnostic, ErrorCode } from '../../core/index.ts';
import type { Origins } from '../load/index.ts';
import type { Project, Service } from '../model/index.ts';

interface PublishedPort {
  /** Dotted path of the port, `services.web.ports.0`. */
  readonly path: string;
  readonly port: number;
  readonly protocol: string;
  readonly hostIp: string;
}

interface Subnet {
  readonly path: string;
  readonly network: string;
  readonly text: string;
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

/**
 * The conflicts inside a project, each at its place and with the place of the other party. Docker Compose loads such
 * files, so that `config` warns of them; bringing them up could only fail half-way.
 */
export function conflicts(project: Project, origins: Origins): Diagnostic[] {
  const report = new ConflictReport(origins);
  reportPorts(project, report);
  const subnets = reportPools(project, report);
  reportOverlaps(subnets, report);
  reportAddresses(project, subnets, report);
  return report.found;
}

class ConflictReport {
  readonly found: Diagnostic[] = [];
  readonly #origins: Origins;

  constructor(origins: Origins) {
    this.#origins = origins;
  }

  add(code: ErrorCode, message: string, path: string, other?: { path: string; message: string }) {
    const range = this.#origins.origin(path);
    const related = other === undefined ? undefined : this.#origins.origin(other.path);
    this.found.push({
      code,
      severity: 'warning',
      message,
      ...(range === undefined ? {} : { range }),
      ...(related === undefined || other === undefined
        ? {}
        : { related: [{ message: other.message, range: related }] }),
    });
  }
}

function reportPorts({ services }: Project, report: ConflictReport): void {
  const taken = new Map<string, PublishedPort[]>();
  for (const [name, service] of Object.entries(services)) {
    const replicas = service.scale ?? service.deploy?.replicas ?? 1;
    if (replicas === 0 || !hasOwnPorts(service)) {
      continue;
    }
    (service.ports ?? []).forEach(
      ({ published, protocol = 'tcp', host_ip: hostIp = '' }, index) => {
        const path = `services.${name}.ports.${index}`;
        const [first = 0, last = first] = (published ?? '').split('-').map(Number);
        if (first > 0 && replicas > last - first + 1) {
          const message = `${path} publishes ${last - first + 1} host port${last > first ? 's' : ''} for ${replicas} replicas`;
          report.add('COMPOSE_PORT_CONFLICT', message, path);
        }
        // of a range any free port is taken
        if (first === 0 || last > first) {
          return;
        }
        const port: PublishedPort = { path, port: first, protocol, hostIp };
        const key = `${first}/${protocol}`;
        const others = taken.get(key) ?? [];
        const other = others.find((one) => shareAddress(one.hostIp, hostIp));
        if (other !== undefined) {
          report.add(
            'COMPOSE_PORT_CONFLICT',
            `${path}: port ${addressText(hostIp)}${key} is already published by ${other.path}`,
            path,
            { path: other.path, message: `${addressText(other.hostIp)}${key} is published here` },
          );
        }
        taken.set(key, [...others, port]);
      },
    );
  }
}

/** In another's network, or the host's, nothing is published. */
function hasOwnPorts({ network_mode: mode }: Service): boolean {
  return mode === undefined || mode === 'bridge' || mode === 'default';
}

function addressText(hostIp: string): string {
  return hostIp === '' ? '' : hostIp.includes(':') ? `[${hostIp}]:` : `${hostIp}:`;
}

/** No address stands for all of both families, a wildcard for all of its own. */
function shareAddress(a: string, b: string): boolean {
  if (a === '' || b === '' || a === b) {
    return true;
  }
  const wildcard = isIP(a) === 6 ? '::' : '0.0.0.0';
  return isIP(a) === isIP(b) && (a === wildcard || b === wildcard);
}

/** Reports pools that are wrong by themselves; the subnets of the others. */
function reportPools({ networks = {} }: Project, report: ConflictReport): Subnet[] {
  const subnets: Subnet[] = [];
  for (const [name, { external, ipam }] of Object.entries(networks)) {
    if (external === true) {
      continue;
    }
    (ipam?.config ?? []).forEach((pool, index) => {
      const base = `networks.${name}.ipam.config.${index}`;
      const subnet = readSubnet(pool.subnet, `${base}.subnet`, name);
      if (pool.subnet !== undefined && subnet === undefined) {
        const message = `${base}.subnet: "${pool.subnet}" is no subnet such as 10.5.0.0/16`;
        report.add('COMPOSE_SUBNET_INVALID', message, `${base}.subnet`);
      }
      if (subnet === undefined) {
        return;
      }
      subnets.push(subnet);
      const inside: [string, string | undefined][] = [
        ['gateway', pool.gateway],
        ['ip_range', pool.ip_range],
        ...Object.entries(pool.aux_addresses ?? {}).map(([key, address]): [string, string] => [
          `aux_addresses.${key}`,
          address,
        ]),
      ];
      for (const [key, address] of inside) {
        const [start = ''] = (address ?? '').split('/');
        if (address !== undefined && !contains(subnet, start)) {
          report.add(
            'COMPOSE_SUBNET_INVALID',
            `${base}.${key}: ${address} is not inside the subnet ${subnet.text}`,
            `${base}.${key}`,
            { path: subnet.path, message: 'the subnet' },
          );
        }
      }
    });
  }
  return subnets;
}

function readSubnet(text: string | undefined, path: string, network: string): Subnet | undefined {
  const match = /^([\da-fA-F.:]+)\/(\d{1,3})$/.exec(text ?? '');
  const [, address = '', bits = ''] = match ?? [];
  const version = isIP(address);
  const prefix = Number(bits);
  return match === null ||
    text === undefined ||
    version === 0 ||
    prefix > (version === 4 ? 32 : 128)
    ? undefined
    : { path, network, text, address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' };
}

function contains({ address, prefix, family }: Subnet, other: string): boolean {
  const version = isIP(other);
  if (version !== (family === 'ipv4' ? 4 : 6)) {
    return false;
  }
  const list = new BlockList();
  list.addSubnet(address, prefix, family);
  return list.check(other, family);
}

function reportOverlaps(subnets: readonly Subnet[], report: ConflictReport): void {
  subnets.forEach((subnet, index) => {
    const other = subnets
      .slice(0, index)
      .find((one) => contains(one, subnet.address) || contains(subnet, one.address));
    if (other !== undefined) {
      report.add(
        'COMPOSE_SUBNET_CONFLICT',
        `networks.${subnet.network}: subnet ${subnet.text} overlaps ${other.text} of network "${other.network}"`,
        subnet.path,
        { path: other.path, message: 'the other subnet' },
      );
    }
  });
}

/** Fixed addresses of services: inside a subnet of their network, and each once. */
function reportAddresses(
  { services }: Project,
  subnets: readonly Subnet[],
  report: ConflictReport,
): void {
  const owners = new Map<string, string>();
  for (const [name, service] of Object.entries(services)) {
    for (const [network, endpoint] of Object.entries(service.networks ?? {})) {
      for (const key of ['ipv4_address', 'ipv6_address'] as const) {
        const address = endpoint?.[key];
        if (address === undefined) {
          continue;
        }
        const path = `services.${name}.networks.${network}.${key}`;
        const own = subnets.filter((one) => one.network === network);
        const [first] = own;
        if (first !== undefined && !own.some((one) => contains(one, address))) {
          report.add(
            'COMPOSE_SUBNET_INVALID',
            `${path}: ${address} is in no subnet of network "${network}"`,
            path,
            { path: first.path, message: 'its subnet' },
          );
        }
        const owner = owners.get(`${network}\n${address}`);
        if (owner !== undefined) {
          const message = `${path}: ${address} is already the address of ${owner}`;
          report.add('COMPOSE_SUBNET_CONFLICT', message, path, {
            path: owner,
            message: 'the other',
          });
        }
        owners.set(`${network}\n${address}`, path);
      }
    }
  }
}
