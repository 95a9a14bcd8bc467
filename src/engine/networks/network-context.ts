import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { hostSubnets, type NetworkContext, parseAddressPools } from '../../network/index.ts';
import type { EngineContext } from '../engine-context.ts';

/** What creating and removing networks needs, from what the engine has. */
export async function networkContext(context: EngineContext): Promise<NetworkContext> {
  return {
    roots: context.roots,
    native: await context.native(),
    pools: parseAddressPools(context.env.CORACLE_ADDRESS_POOLS),
    hostSubnets: (ownBridges) =>
      hostSubnets(readFileSync('/proc/net/route', 'utf8'), networkInterfaces(), ownBridges),
    now: () => context.timestamp(),
    warn: context.warn,
  };
}
