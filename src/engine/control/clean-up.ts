import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { containerPaths, readRecord, releaseName } from '../../state/index.ts';
import type { ContainerRecord } from '../container-record.ts';
import { autoRemovePath } from '../create/auto-remove.ts';
import { type EngineContext, emitContainer } from '../engine-context.ts';
import { releaseEndpoints } from '../networks/reserve-endpoints.ts';
import { type ContainerState, isShimLost, lostState } from '../observe/read-state.ts';

/** As much of a record as was written before its writer was killed. */
export type PartialRecord = Pick<ContainerRecord, 'id'> & Partial<ContainerRecord>;

/**
 * Frees everything that a retired container holds, from whichever point an earlier attempt was killed at: processes,
 * cgroup, links, published ports, zone files, both folders, its addresses and its name.
 * @param folder  the container's folder under the name that this process gave it.
 */
export async function cleanUp(
  context: EngineContext,
  record: PartialRecord,
  folder: string,
): Promise<void> {
  const { roots } = context;
  const { run } = containerPaths(roots, record.id);
  const native = await context.native();
  await native.request('container.delete', { dir: folder, run });
  releaseEndpoints(context, record.id, record.endpoints ?? []);
  if (record.name !== undefined) releaseName(roots, record.name, record.id);
  if (record.hostConfig?.AutoRemove) rmSync(autoRemovePath(roots, record.id), { force: true });
}

/**
 * Frees what a container held in the kernel whose shim was killed, and writes down what became of it; the container itself stays.
 * Call it with the container's lock held.
 * @returns false where there was nothing to do.
 */
export async function buryLostContainer(
  context: EngineContext,
  record: ContainerRecord,
): Promise<boolean> {
  const paths = containerPaths(context.roots, record.id);
  const state = readRecord(paths.state) as ContainerState | undefined;
  if (state === undefined || !isShimLost(state)) return false;
  // The native side removes the folder that it is shown: it is shown one with just what it reads.
  const shadow = join(context.roots.run, 'lost', record.id);
  mkdirSync(shadow, { recursive: true, mode: 0o700 });
  for (const [name, path] of [
    ['config.json', paths.spec],
    ['shim.json', paths.shim],
  ] as const) {
    if (existsSync(path)) copyFileSync(path, join(shadow, name));
  }
  const native = await context.native();
  await native.request('container.delete', { dir: shadow, run: paths.run });
  const lost = { ...lostState(state), finishedAt: context.timestamp() };
  mkdirSync(paths.run, { recursive: true, mode: 0o711 });
  writeFileSync(paths.state, `${JSON.stringify(lost)}\n`, { mode: 0o600 });
  emitContainer(context, 'die', record, { exitCode: String(lost.exitCode) });
  return true;
}
