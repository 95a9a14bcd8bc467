import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../core/index.ts';
import { isErrno, readRecord, type StateRoots } from '../state/index.ts';
import { holderOf } from './reservation.ts';

/** `host`, `none` and `overlay` are no drivers of networks that one can create. */
export type NetworkDriver = 'bridge' | 'macvlan' | 'ipvlan';

/** `network.json`: a network as it was created; never written again. */
export interface NetworkRecord {
  readonly version: 1;
  /** 64 hex digits. */
  readonly id: string;
  readonly name: string;
  /** RFC 3339 with nanoseconds. */
  readonly created: string;
  readonly driver: NetworkDriver;
  /** Interface on the host, at most 15 bytes: `cor-1a2b3c4d`, or the parent of a macvlan. */
  readonly bridge: string;
  readonly mtu: number;
  /** `10.200.0.0/26`. */
  readonly subnet: string;
  readonly gateway: string;
  /** `fd1a:…::/64`; null where the network carries IPv4 alone. */
  readonly subnet6: string | null;
  readonly gateway6: string | null;
  /** Part of the subnet that automatic addresses come from. */
  readonly ipRange: string | null;
  /** Addresses that no container gets, by name. */
  readonly auxAddresses: Readonly<Record<string, string>>;
  /** False where the subnet came out of the pools. */
  readonly isSubnetGiven: boolean;
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
}

/** Paths of one network's files; docs/on-disk-layout.md. */
export function networkPaths(roots: StateRoots, id: string) {
  const dir = join(roots.data, 'networks', id);
  return {
    dir,
    record: join(dir, 'network.json'),
    addresses: join(dir, 'addresses'),
    remembered: join(dir, 'remembered'),
    run: join(roots.run, 'networks', id),
    zone: join(roots.run, 'networks', id, 'zone'),
  } as const;
}

/** The link that publishes a network under its name: a network exists while it does. */
export function networkNamePath(roots: StateRoots, name: string): string {
  return join(roots.data, 'network-names', name);
}

/**
 * Reads one network.
 * @returns undefined where it does not exist.
 * @throws {AppError} `STATE_RECORD_INVALID`
 */
export function readNetwork(roots: StateRoots, id: string): NetworkRecord | undefined {
  const path = networkPaths(roots, id).record;
  const record = readRecord(path);
  if (record === undefined) return undefined;
  if (!('version' in record) || record.version !== 1) {
    throw new AppError('STATE_RECORD_INVALID', `record ${path} has no version that is known here`);
  }
  // Records of before there was IPv6 do not mention it.
  return { subnet6: null, gateway6: null, ...record } as NetworkRecord;
}

/** All networks, by name. */
export function listNetworks(roots: StateRoots): NetworkRecord[] {
  return names(join(roots.data, 'network-names'))
    .sort()
    .flatMap((name) => {
      const network = networkByName(roots, name);
      return network === undefined ? [] : [network];
    });
}

/** The network of this name; cheaper than {@link findNetwork}, which also takes ids. */
export function networkByName(roots: StateRoots, name: string): NetworkRecord | undefined {
  const id = holderOf(networkNamePath(roots, name));
  return id === undefined ? undefined : readNetwork(roots, id);
}

/**
 * The network of this name, id or unique start of an id.
 * @throws {AppError} `NETWORK_NOT_FOUND`, `NETWORK_AMBIGUOUS`
 */
export function findNetwork(roots: StateRoots, idOrName: string): NetworkRecord {
  const named = isNetworkName(idOrName) ? networkByName(roots, idOrName) : undefined;
  if (named !== undefined) return named;
  const matches = /^[0-9a-f]+$/.test(idOrName)
    ? listNetworks(roots).filter(({ id }) => id.startsWith(idOrName))
    : [];
  const [match, ...others] = matches;
  if (others.length > 0) {
    const all = matches.map(({ name }) => `"${name}"`).join(', ');
    throw new AppError('NETWORK_AMBIGUOUS', `network "${idOrName}" may be any of ${all}`);
  }
  if (match === undefined) throw new AppError('NETWORK_NOT_FOUND', `network ${idOrName} not found`);
  return match;
}

export function isNetworkName(name: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name) && name.length <= 255;
}

/** Entries of a folder that need not exist; those that begin with a full stop are ours, in passing. */
export function names(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith('.'));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
