import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type Dockerode from 'dockerode';
import { AppError } from '../core/index.ts';
import { type StateRoots, syncFolder } from '../state/index.ts';
import { type AddressPool, checkOverlap, chooseSubnet, type TakenSubnet } from './address-pools.ts';
import { type NetworkRequest, readCreateOptions } from './create-options.ts';
import { driverSettings } from './driver-options.ts';
import { hasInterface } from './host-interfaces.ts';
import { formatIpv4, formatSubnet, overlaps, parseCidr, type Subnet } from './ipv4.ts';
import {
  formatIpv6,
  formatSubnet6,
  type Ipv6,
  overlaps6,
  parseCidr6,
  type Subnet6,
  uniqueLocalSubnet,
} from './ipv6.ts';
import { makeNetworkFolder, removeNetworkFolders, sweepNetworkFolders } from './network-folders.ts';
import {
  listNetworks,
  type NetworkRecord,
  networkNamePath,
  readNetwork,
} from './network-record.ts';
import { nftTable } from './nft-table.ts';
import { release, reserve } from './reservation.ts';

/** The two native operations that networks need; the native client has them (native/PROTOCOL.md). */
export interface BridgeOps {
  request(
    op: 'bridge.create',
    fields: {
      table: string;
      name: string;
      address: string;
      subnet: string;
      address6: string;
      subnet6: string;
      mtu: number;
      internal: boolean;
      isolated: boolean;
      masquerade: boolean;
      masquerade6: boolean;
    },
  ): Promise<{ readonly barriers: string }>;
  request(
    op: 'bridge.delete',
    fields: { table: string; name: string; subnet: string; subnet6: string },
  ): Promise<unknown>;
}

/** What creating and removing networks needs of the world. */
export interface NetworkContext {
  readonly roots: StateRoots;
  readonly native: BridgeOps;
  readonly pools: readonly AddressPool[];
  /** What the host takes up, see `hostSubnets`; asked for only when a network is created. */
  readonly hostSubnets: (ownBridges: ReadonlySet<string>) => readonly TakenSubnet[];
  /** RFC 3339 with nanoseconds. */
  readonly now: () => string;
  /** Told of what keeps a network from working and is not ours to change. */
  readonly warn: (message: string) => void;
}

/**
 * Creates a network and its bridge.
 * @throws {AppError} `NETWORK_NAME_INVALID`, `NETWORK_NAME_TAKEN`, `NETWORK_OPTION_UNSUPPORTED`, `NETWORK_SUBNET_INVALID`,
 *   `NETWORK_SUBNET_OVERLAP`, `NETWORK_POOL_EXHAUSTED`, `NATIVE_…`
 */
export async function createNetwork(
  context: NetworkContext,
  options: Dockerode.NetworkCreateOptions,
): Promise<NetworkRecord> {
  const request = readCreateOptions(options);
  sweepNetworkFolders(context.roots, Date.parse(context.now()));
  const record = publish(context, request);
  try {
    await ensureBridge(context, record);
  } catch (error) {
    withdraw(context.roots, record);
    throw error;
  }
  return record;
}

/**
 * Makes sure that the bridge and its rules are there: after a reboot, a flushed rule set, an interrupted command. One native
 * request, cheap where nothing is missing; call it before a container of the network starts.
 */
export async function ensureBridge(
  context: Pick<NetworkContext, 'roots' | 'native' | 'warn'>,
  record: NetworkRecord,
): Promise<void> {
  if (record.driver !== 'bridge') {
    checkParent(record);
    return;
  }
  const settings = driverSettings(record.name, record.driver, record.options);
  const { barriers } = await context.native.request('bridge.create', {
    table: nftTable(context.roots.run),
    name: record.bridge,
    address: `${record.gateway}/${record.subnet.split('/')[1]}`,
    subnet: record.subnet,
    address6: record.subnet6 === null ? '' : `${record.gateway6}/${record.subnet6.split('/')[1]}`,
    subnet6: record.subnet6 ?? '',
    mtu: record.mtu,
    internal: record.internal,
    isolated: settings.isolated,
    masquerade: settings.masquerade,
    masquerade6: settings.masquerade6,
  });
  if (barriers !== '') context.warn(barrierWarning(record.name, barriers));
}

function barrierWarning(name: string, barriers: string): string {
  return (
    `network "${name}": the firewall of this host keeps its packets back (${barriers}). ` +
    'Accept them there: iifname "cor-*" accept; oifname "cor-*" accept'
  );
}

/** A macvlan hangs on an interface that is not ours to make. */
function checkParent({ name, bridge }: NetworkRecord): void {
  if (hasInterface(bridge)) return;
  throw new AppError(
    'NETWORK_PARENT_MISSING',
    `network "${name}": this host has no interface "${bridge}"`,
  );
}

/**
 * Removes a network with its bridge.
 * @param active running containers that are connected to it.
 * @throws {AppError} `NETWORK_IN_USE`
 */
export async function removeNetwork(
  context: Pick<NetworkContext, 'roots' | 'native'>,
  record: NetworkRecord,
  active: readonly { readonly id: string; readonly name: string }[],
): Promise<void> {
  if (active.length > 0) {
    const list = active.map(({ id, name }) => `${name} (${id.slice(0, 12)})`).join(', ');
    const message = `network ${record.name} has active endpoints: ${list}`;
    throw new AppError('NETWORK_IN_USE', message, {
      details: { network: record.name, containers: active.map(({ name }) => name) },
    });
  }
  // The bridge first: a command that is killed in between leaves a network that ensureBridge repairs, not a bridge that
  // nothing knows.
  if (record.driver === 'bridge') {
    await context.native.request('bridge.delete', {
      table: nftTable(context.roots.run),
      name: record.bridge,
      subnet: record.subnet,
      subnet6: record.subnet6 ?? '',
    });
  }
  withdraw(context.roots, record);
}

function withdraw(roots: StateRoots, record: NetworkRecord): void {
  release(networkNamePath(roots, record.name), record.id);
  removeNetworkFolders(roots, record.id);
}

/**
 * Writes the record and makes it known by its name. Two processes may choose overlapping subnets at the same instant: each looks
 * again after it has published, and withdraws where the other is there too.
 */
function publish(context: NetworkContext, request: NetworkRequest): NetworkRecord {
  const { roots } = context;
  for (let attempt = 0; ; attempt += 1) {
    const others = listNetworks(roots);
    const record = newRecord(context, request, others);
    makeNetworkFolder(roots, record);
    const namePath = networkNamePath(roots, record.name);
    const holder = reserve(namePath, record.id, (id) => readNetwork(roots, id) === undefined);
    if (holder !== undefined) {
      removeNetworkFolders(roots, record.id);
      throw nameTaken(record.name, holder);
    }
    syncFolder(join(roots.data, 'network-names'));
    const rival = listNetworks(roots).find((other) => isRival(record, other));
    if (rival === undefined) return record;
    withdraw(roots, record);
    // A subnet of the user's own cannot move away; the tenth collision in a row is no coincidence.
    if (request.ipam.subnet !== undefined || attempt === 9) {
      checkOverlap(record.name, subnetOf(record), networkSubnets([rival]));
    }
  }
}

/** Two bridges that cannot be routed both; what a macvlan hangs on routes for itself. */
function isRival(record: NetworkRecord, other: NetworkRecord): boolean {
  return (
    other.id !== record.id &&
    record.driver === 'bridge' &&
    other.driver === 'bridge' &&
    overlaps(subnetOf(other), subnetOf(record))
  );
}

function nameTaken(name: string, holder: string): AppError {
  return new AppError('NETWORK_NAME_TAKEN', `network with name ${name} already exists`, {
    details: { name, id: holder },
  });
}

function newRecord(
  context: NetworkContext,
  request: NetworkRequest,
  others: readonly NetworkRecord[],
): NetworkRecord {
  const same = others.find(({ name }) => name === request.name);
  if (same !== undefined) throw nameTaken(request.name, same.id);
  const id = randomBytes(32).toString('hex');
  const { ipam, settings } = request;
  const bridge = settings.hostInterface ?? `cor-${id.slice(0, 8)}`;
  const isBridge = request.driver === 'bridge';
  const bridges = others.filter(({ driver }) => driver === 'bridge');
  const ours = new Set(bridges.map((other) => other.bridge));
  if (isBridge && ours.has(bridge)) {
    const message = `network "${request.name}": bridge "${bridge}" belongs to another network`;
    throw new AppError('NETWORK_SUBNET_OVERLAP', message);
  }
  const taken = [...networkSubnets(bridges), ...context.hostSubnets(ours)];
  if (ipam.subnet !== undefined && isBridge) checkOverlap(request.name, ipam.subnet, taken);
  const subnet = ipam.subnet ?? chooseSubnet(context.pools, taken);
  const reserved = Object.values(ipam.auxAddresses);
  const gateway = ipam.gateway ?? firstFree(subnet, reserved);
  const subnet6 = request.hasIpv6 ? (ipam.subnet6 ?? uniqueLocalSubnet(id)) : undefined;
  if (subnet6 !== undefined && isBridge) checkOverlap6(request.name, subnet6, bridges);
  return {
    version: 1,
    id,
    name: request.name,
    created: context.now(),
    driver: request.driver,
    bridge,
    mtu: settings.mtu,
    subnet: formatSubnet(subnet),
    gateway: formatIpv4(gateway),
    subnet6: subnet6 === undefined ? null : formatSubnet6(subnet6),
    gateway6:
      subnet6 === undefined ? null : formatIpv6(ipam.gateway6 ?? firstFree6(subnet6, reserved)),
    ipRange: ipam.ipRange === undefined ? null : formatSubnet(ipam.ipRange),
    auxAddresses: ipam.auxAddresses,
    isSubnetGiven: ipam.subnet !== undefined,
    internal: request.internal,
    attachable: request.attachable,
    labels: request.labels,
    options: request.options,
  };
}

function checkOverlap6(name: string, subnet6: Subnet6, others: readonly NetworkRecord[]): void {
  const rival = others.find((other) => {
    const theirs = subnet6Of(other);
    return theirs !== undefined && overlaps6(theirs, subnet6);
  });
  if (rival === undefined) return;
  throw new AppError(
    'NETWORK_SUBNET_OVERLAP',
    `network "${name}": subnet ${formatSubnet6(subnet6)} overlaps network "${rival.name}" (${rival.subnet6})`,
  );
}

function firstFree6(subnet: Subnet6, reserved: readonly string[]): Ipv6 {
  let address = subnet.base + 1n;
  while (reserved.includes(formatIpv6(address))) address += 1n;
  return address;
}

function firstFree(subnet: Subnet, reserved: readonly string[]): number {
  let address = subnet.base + 1;
  while (reserved.includes(formatIpv4(address))) address += 1;
  return address;
}

/** The subnet of a record, which was checked when it was written. */
export function subnetOf(record: NetworkRecord): Subnet {
  const parsed = parseCidr(record.subnet);
  if (parsed === undefined) {
    throw new AppError('STATE_RECORD_INVALID', `network "${record.name}" has no valid subnet`);
  }
  return parsed.subnet;
}

/** The IPv6 subnet of a record; undefined where it has none. */
export function subnet6Of({ subnet6 }: NetworkRecord): Subnet6 | undefined {
  return subnet6 === null ? undefined : parseCidr6(subnet6)?.subnet;
}

function networkSubnets(records: readonly NetworkRecord[]): TakenSubnet[] {
  return records.map((record) => ({
    subnet: subnetOf(record),
    owner: `network "${record.name}"`,
  }));
}
