/**
 * One network operation through the real native client, in the network namespace that it is started in:
 *   create NAME [internal] | ensure NAME | remove NAME
 * Roots come from CORACLE_DATA and CORACLE_RUN. Prints the network as `inspect` shows it.
 */
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { fileURLToPath } from 'node:url';
import {
  createNetwork,
  ensureBridge,
  findNetwork,
  hostSubnets,
  networkView,
  parseAddressPools,
  removeNetwork,
} from '../../src/network/index.ts';
import { NativeClient } from '../../src/runtime/index.ts';
import { stateRoots } from '../../src/state/index.ts';

const [command, name = '', kind] = process.argv.slice(2);
const binary = fileURLToPath(new URL('../../native/build/coracle-runtime', import.meta.url));
await using native = new NativeClient(binary);
const roots = stateRoots(process.env);
const context = {
  roots,
  native,
  pools: parseAddressPools(process.env.CORACLE_ADDRESS_POOLS),
  hostSubnets: (bridges: ReadonlySet<string>) =>
    hostSubnets(readFileSync('/proc/net/route', 'utf8'), networkInterfaces(), bridges),
  now: () => new Date().toISOString(),
  warn: (message: string) => console.error(`WARN: ${message}`),
};

if (command === 'create') {
  const record = await createNetwork(context, { Name: name, Internal: kind === 'internal' });
  console.log(JSON.stringify(networkView(record)));
} else if (command === 'ensure') {
  await ensureBridge(context, findNetwork(roots, name));
} else if (command === 'remove') {
  await removeNetwork(context, findNetwork(roots, name), []);
} else {
  throw new Error(`unknown command ${command}`);
}
