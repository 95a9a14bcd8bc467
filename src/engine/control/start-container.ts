import { AppError } from '../../core/index.ts';
import { containerPaths, withProcessLock } from '../../state/index.ts';
import type { ContainerRecord } from '../container-record.ts';
import { rewriteBundle } from '../create/bundle.ts';
import { runtimeProgram } from '../create/oci-runtime.ts';
import type { EngineContext } from '../engine-context.ts';
import { ensureBridges } from '../networks/ensure-bridges.ts';
import { portTakenError } from '../networks/port-taken.ts';
import { observeContainer } from '../observe/observed-containers.ts';
import { hasProcess } from '../observe/running.ts';
import { buryLostContainer } from './clean-up.ts';
import { startError } from './start-error.ts';

/**
 * Starts a container; one that runs is no error. Resolves once its process runs: its execve has succeeded.
 * @throws {AppError} `ENGINE_START_FAILED`, `NATIVE_COMMAND_NOT_FOUND`, `NATIVE_COMMAND_NOT_EXECUTABLE`,
 *   `PORT_ALREADY_ALLOCATED`, `ENGINE_NETWORK_MODE_UNUSABLE`, `ENGINE_CONTAINER_PAUSED`
 */
export async function startContainer(context: EngineContext, idOrName: string): Promise<void> {
  const { record } = observeContainer(context, idOrName);
  // Against a removal, another start or a repair at the same moment.
  const { lock } = containerPaths(context.roots, record.id);
  await withProcessLock(lock, () => startLocked(context, record));
}

async function startLocked(context: EngineContext, record: ContainerRecord): Promise<void> {
  const { state } = observeContainer(context, record.id);
  if (state.status === 'paused') {
    throw new AppError(
      'ENGINE_CONTAINER_PAUSED',
      'cannot start a paused container, try unpause instead',
    );
  }
  if (state.status === 'running' || state.status === 'restarting') return;
  await buryLostContainer(context, record);
  const pids = sharedNamespaces(context, record);
  if (pids.size > 0 || record.endpoints.some(({ links }) => links.length > 0)) {
    rewriteBundle(context, record, pids);
  }
  await ensureBridges(context, record.endpoints);
  const { dir, run } = containerPaths(context.roots, record.id);
  const native = await context.native();
  const waiting = context.startAttachments.get(record.name);
  const meeting = waiting === undefined ? undefined : await (await runtime()).meetShim(run);
  try {
    // Another runtime reads the host's /proc, so the shim that is its parent must be seen there.
    const sharesPids =
      Boolean(record.hostConfig.PidMode) || runtimeProgram(record.hostConfig.Runtime) !== undefined;
    const attach = waiting === undefined ? {} : { attach: { stdin: waiting.stdin } };
    await native.request('container.start', { dir, run, sharesPids, ...attach });
    if (meeting !== undefined) waiting?.resolve(await meeting.attachment);
  } catch (error) {
    // A shim whose client was killed has gone on by itself: the container runs, as it should.
    if (waiting === undefined && isHeld(error)) {
      const now = observeContainer(context, record.id).state;
      if (now.status === 'running' || now.status === 'restarting') return;
    }
    const failure = startError(error, record, (place) => portTakenError(context, place));
    waiting?.reject(failure);
    throw failure;
  } finally {
    context.startAttachments.delete(record.name);
    meeting?.close();
  }
}

/** True where another shim holds the container. */
function isHeld(error: unknown): boolean {
  const { op, errnoName } = (error as { details?: Record<string, unknown> }).details ?? {};
  return op === 'lock' && errnoName === 'EBUSY';
}

/** Loaded for those who attach only. */
const runtime = () => import('../../runtime/index.ts');

/**
 * Pids of the containers whose namespaces this one joins: they must run now.
 * @throws {AppError} `ENGINE_NETWORK_MODE_UNUSABLE`
 */
export function sharedNamespaces(
  context: EngineContext,
  record: ContainerRecord,
): Map<string, number> {
  const pids = new Map<string, number>();
  const { PidMode, IpcMode } = record.hostConfig;
  for (const mode of [PidMode, IpcMode]) {
    if (!mode?.startsWith('container:')) continue;
    const id = mode.slice('container:'.length);
    pids.set(id, runningPid(context, record, id));
  }
  if (record.networkMode.kind === 'join') runningPid(context, record, record.networkMode.container);
  return pids;
}

function runningPid(context: EngineContext, record: ContainerRecord, id: string): number {
  const other = observeContainer(context, id);
  if (hasProcess(other.state)) return other.state.pid;
  throw new AppError(
    'ENGINE_NETWORK_MODE_UNUSABLE',
    `cannot start container ${record.name}: container ${other.record.name}, whose namespaces it shares, is not running`,
  );
}
