import { join } from 'node:path';
import { projectLabel } from '../../compose/plan/index.ts';
import type { ComposeEngine } from '../../engine/index.ts';
import { isAlive, type ProcessIdentity, readRecord, type StateRoots } from '../../state/index.ts';

/** Calls back at every event of a project's containers, until the returned function is called. */
export function watchContainers(
  engine: ComposeEngine,
  project: string,
  callback: () => void,
): () => void {
  const end = new AbortController();
  const filters = { type: ['container'], label: [`${projectLabel}=${project}`] };
  const watch = async () => {
    for await (const _event of engine.events({ filters, signal: end.signal })) callback();
  };
  // A watch that breaks ends following at the next look; the call back makes that look happen.
  watch().catch(callback);
  return () => end.abort();
}

/** True while a command of ours holds the project's lock. */
export function isProjectBusy(roots: StateRoots, project: string): boolean {
  const holder = readRecord(join(roots.data, 'projects', project, 'lock'));
  return holder !== undefined && isAlive(holder as ProcessIdentity);
}
