import { BlockList, isIP } from 'node:net';
import { AppError } from '../../../core/index.ts';

/** What `network create` was told of addresses; each flag may be given once a subnet. */
export interface PoolFlags {
  readonly subnets: readonly string[];
  readonly gateways: readonly string[];
  readonly ranges: readonly string[];
  readonly aux: Readonly<Record<string, string>>;
}

/** One pool as the API has it; dockerode's type knows texts alone. */
type PoolConfig = Record<string, string>;

/**
 * `IPAM.Config`: each gateway, range and reserved address goes to the subnet that contains it, in whatever order they were given.
 * @throws {AppError} `CLI_USAGE` where it belongs to none.
 */
export function poolConfigs({ subnets, gateways, ranges, aux }: PoolFlags): PoolConfig[] {
  const pools = subnets.map((Subnet) => ({
    Subnet,
    AuxiliaryAddresses: {} as Record<string, string>,
  }));
  const poolOf = (what: string, text: string) => {
    const pool = pools.find(({ Subnet }) => holds(Subnet, text.split('/')[0] ?? ''));
    if (pool === undefined) {
      throw new AppError('CLI_USAGE', `no matching subnet for ${what} ${text}`, {
        hint: 'Give the subnet it belongs to with --subnet.',
      });
    }
    return pool as Record<string, unknown>;
  };
  for (const gateway of gateways) poolOf('gateway', gateway).Gateway = gateway;
  for (const range of ranges) poolOf('range', range).IPRange = range;
  for (const [name, address] of Object.entries(aux)) {
    const { AuxiliaryAddresses } = poolOf('aux-address', address);
    (AuxiliaryAddresses as Record<string, string>)[name] = address;
  }
  return pools as unknown as PoolConfig[];
}

function holds(subnet: string, address: string): boolean {
  const [base = '', prefix = ''] = subnet.split('/');
  const family = isIP(base) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(base) === 0 || isIP(address) !== isIP(base) || !/^\d{1,3}$/.test(prefix)) return false;
  const list = new BlockList();
  try {
    list.addSubnet(base, Number(prefix), family);
  } catch {
    return false; // a prefix that is none: the engine says so
  }
  return list.check(address, family);
}
