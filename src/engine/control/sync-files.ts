import { basename, dirname, join } from 'node:path';
import { isAppError } from '../../core/index.ts';
import { nativeError } from '../../runtime/index.ts';
import { containerPaths } from '../../state/index.ts';
import type { SyncOptions, SyncResult } from '../api.ts';
import type { EngineContext } from '../engine-context.ts';
import { observeContainer } from '../observe/observed-containers.ts';
import { hasProcess } from '../observe/running.ts';
import { notRunning } from './control-container.ts';

/** A request stays far below the longest frame, and another container's turn comes in between. */
const pathsPerRequest = 2000;
const bytesPerRequest = 400_000;

/**
 * Makes paths of a running container what they are on the host (native/PROTOCOL.md, "files.sync").
 * @throws {AppError} `ENGINE_CONTAINER_NOT_RUNNING`; `NATIVE_…` where source or target cannot be opened at all.
 */
export async function syncFiles(
  context: EngineContext,
  idOrName: string,
  options: SyncOptions,
): Promise<SyncResult> {
  const { record, state } = observeContainer(context, idOrName);
  if (!hasProcess(state)) throw notRunning(record);
  const { dir, run } = containerPaths(context.roots, record.id);
  const native = await context.native();
  const single = options.single ? options.paths[0] : undefined;
  const request = {
    dir,
    run,
    source: single === undefined ? options.source : dirname(join(options.source, single)),
    target: options.target.startsWith('/') ? options.target : `/${options.target}`,
    as: single === undefined ? '' : basename(single),
    compare: options.compare ?? false,
    sinceMs: Math.floor(options.sinceMs ?? 0),
  };
  const result = { written: [] as string[], removed: [] as string[], errors: [] as Error[] };
  let failures = 0;
  // Folders before what is in them, and neighbours together: both sides open each folder once.
  const sorted = single === undefined ? [...options.paths].sort() : [basename(single)];
  for (const paths of portions(sorted)) {
    try {
      const answer = await native.request('files.sync', { ...request, paths });
      for (const index of answer.written) result.written.push(paths[index] ?? '');
      for (const index of answer.removed) result.removed.push(paths[index] ?? '');
      for (const failure of answer.failed) result.errors.push(nativeError(failure));
      failures += answer.failures;
    } catch (error) {
      if (isAppError(error, 'NATIVE_NOT_RUNNING')) throw notRunning(record);
      throw error;
    }
  }
  if (single === undefined) return { ...result, failures };
  const named = (paths: string[]) => paths.map(() => single);
  return { ...result, written: named(result.written), removed: named(result.removed), failures };
}

function* portions(paths: readonly string[]): Generator<string[]> {
  let portion: string[] = [];
  let bytes = 0;
  for (const path of paths) {
    portion.push(path);
    bytes += path.length + 3;
    if (portion.length < pathsPerRequest && bytes < bytesPerRequest) continue;
    yield portion;
    portion = [];
    bytes = 0;
  }
  if (portion.length > 0) yield portion;
}
