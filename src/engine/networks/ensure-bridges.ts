import { statSync } from 'node:fs';
import { ensureBridge, readNetwork } from '../../network/index.ts';
import type { EndpointRecord } from '../container-record.ts';
import type { EngineContext } from '../engine-context.ts';

/** Fifty starts of one `up` ask once; a command that lives for days does not trust what it saw yesterday. */
const trustMs = 5_000;

/** Makes sure that the bridges of these endpoints are there with their rules: after a reboot they are not. */
export async function ensureBridges(
  context: EngineContext,
  endpoints: readonly EndpointRecord[],
): Promise<void> {
  for (const { networkId, bridge } of endpoints) {
    const known = context.ensuredBridges.get(networkId);
    const now = context.now();
    const isThere = statSync(`/sys/class/net/${bridge}`, { throwIfNoEntry: false }) !== undefined;
    if (known !== undefined && now - known.at < trustMs && isThere) {
      await known.done;
      continue;
    }
    const done = ensure(context, networkId);
    context.ensuredBridges.set(networkId, { at: now, done });
    try {
      await done;
    } catch (error) {
      context.ensuredBridges.delete(networkId);
      throw error;
    }
  }
}

async function ensure({ roots, native }: EngineContext, networkId: string): Promise<void> {
  const record = readNetwork(roots, networkId);
  // Removed with a container left behind: attaching to the missing bridge fails and names it.
  if (record !== undefined) await ensureBridge({ roots, native: await native() }, record);
}
