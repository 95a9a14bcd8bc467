import { AppError } from '../../core/index.ts';
import { ensureBridge, hasInterface, readNetwork } from '../../network/index.ts';
import type { EndpointRecord } from '../container-record.ts';
import type { EngineContext } from '../engine-context.ts';

/** Fifty starts of one `up` ask once; a command that lives for days does not trust what it saw yesterday. */
const trustMs = 5_000;

/** Makes sure that the bridges of these endpoints are there with their rules: after a reboot they are not. */
export async function ensureBridges(
  context: EngineContext,
  endpoints: readonly EndpointRecord[],
): Promise<void> {
  for (const { networkId, networkName, bridge } of endpoints) {
    const known = context.ensuredBridges.get(networkId);
    const now = context.now();
    const isThere = hasInterface(bridge);
    if (known !== undefined && now - known.at < trustMs && isThere) {
      await known.done;
      continue;
    }
    const done = ensure(context, networkId, networkName);
    context.ensuredBridges.set(networkId, { at: now, done });
    try {
      await done;
    } catch (error) {
      context.ensuredBridges.delete(networkId);
      throw error;
    }
  }
}

async function ensure(
  { roots, native, warn }: EngineContext,
  networkId: string,
  networkName: string,
): Promise<void> {
  const record = readNetwork(roots, networkId);
  if (record === undefined) {
    throw new AppError('NETWORK_NOT_FOUND', `network ${networkName} was removed`, {
      hint: 'Create the container again: it belongs to a network that is gone.',
    });
  }
  await ensureBridge({ roots, native: await native(), warn }, record);
}
