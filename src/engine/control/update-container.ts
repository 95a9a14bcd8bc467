import { AppError } from '../../core/index.ts';
import { resolveImage } from '../../image/index.ts';
import { containerPaths, withProcessLock, writeFileAtomic } from '../../state/index.ts';
import type { ContainerUpdate } from '../api.ts';
import type { ContainerRecord } from '../container-record.ts';
import { updateBundle } from '../create/bundle.ts';
import { type EngineContext, emitContainer } from '../engine-context.ts';
import { observeContainer } from '../observe/observed-containers.ts';
import { isRunning } from '../observe/running.ts';
import { signalName } from '../signal-name.ts';
import { askShim } from './control-container.ts';
import { sharedNamespaces } from './start-container.ts';

/**
 * Changes what of a container can change while it is there; one that runs takes it over at once. What the kernel refuses leaves
 * everything as it was.
 *
 * The record comes last: whoever is killed in between finds the old one, and does it all again.
 * @throws {AppError} `ENGINE_SIGNAL_INVALID`, `NETWORK_NOT_FOUND`
 */
export async function updateContainer(
  context: EngineContext,
  idOrName: string,
  update: ContainerUpdate,
): Promise<void> {
  const { id } = observeContainer(context, idOrName).record;
  const paths = containerPaths(context.roots, id);
  await withProcessLock(paths.lock, async () => {
    const { record, state } = observeContainer(context, id);
    const updated = updatedRecord(context, record, update);
    const isLive = isRunning(state);
    const pids = isLive ? sharedNamespaces(context, record) : new Map<string, number>();
    updateBundle(context, updated, pids);
    try {
      if (isLive) await askShim(context, id, { op: 'reload' });
    } catch (error) {
      updateBundle(context, record, pids);
      throw error;
    }
    writeFileAtomic(paths.record, JSON.stringify(updated));
    emitContainer(context, 'update', updated);
  });
}

function updatedRecord(
  context: EngineContext,
  record: ContainerRecord,
  { Labels, HostConfig, Aliases, StopSignal, StopTimeout }: ContainerUpdate,
): ContainerRecord {
  for (const network of Object.keys(Aliases)) {
    if (record.endpoints.some(({ networkName }) => networkName === network)) continue;
    throw new AppError(
      'NETWORK_NOT_FOUND',
      `container ${record.name} is not attached to network ${network}`,
    );
  }
  if (StopSignal !== undefined) signalName(StopSignal);
  const image = resolveImage(context.roots, record.imageId).config;
  const { StopSignal: _signal, StopTimeout: _timeout, ...config } = record.config;
  const signal = StopSignal ?? image.StopSignal;
  return {
    ...record,
    config: {
      ...config,
      Labels: { ...image.Labels, ...Labels },
      ...(signal ? { StopSignal: signal } : {}),
      ...(StopTimeout === undefined ? {} : { StopTimeout }),
    },
    hostConfig: { ...record.hostConfig, ...HostConfig },
    endpoints: record.endpoints.map((endpoint) => ({
      ...endpoint,
      aliases: Aliases[endpoint.networkName] ?? endpoint.aliases,
    })),
  };
}
