import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { withProcessLock } from '../../state/index.ts';
import { buildPaths } from '../cache/build-paths.ts';
import type { BuildRun } from '../graph/build-run.ts';
import type { MountWork } from './run-mounts.ts';

/** Folders that a step of this process has at this moment. */
const inUse = new Set<string>();

/**
 * The folder of a cache mount, for as long as the step runs.
 * @param sharing  `shared`: with whoever wants it; `locked`: one step at a time; `private`: a new one where it is in use.
 */
export async function takeCacheFolder(
  run: BuildRun,
  id: string,
  sharing: string,
  work: MountWork,
): Promise<string> {
  const paths = buildPaths(run.builder.roots);
  mkdirSync(paths.mounts, { recursive: true, mode: 0o700 });
  const folder = join(paths.mounts, id);
  if (sharing === 'locked') await hold(paths.lock(id), work);
  if (sharing === 'private' && inUse.has(folder)) {
    return join(paths.mounts, `${id}-${randomBytes(8).toString('hex')}`);
  }
  inUse.add(folder);
  work.cleanUp.push(() => {
    inUse.delete(folder);
  });
  return folder;
}

/** Takes the lock; it is given back when the step's clean-up runs. */
function hold(path: string, work: MountWork): Promise<void> {
  return new Promise((resolve, reject) => {
    const released = new Promise<void>((release) => {
      work.cleanUp.push(() => release());
    });
    withProcessLock(path, async () => {
      resolve();
      await released;
    }).catch(reject);
  });
}
