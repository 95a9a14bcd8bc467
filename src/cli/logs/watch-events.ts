import { mkdirSync, watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  eventsPath,
  isAlive,
  type ProcessIdentity,
  readRecord,
  type StateRoots,
} from '../../state/index.ts';

/** Calls back whenever the engine or a shim has appended an event, until the returned function is called. */
export function watchEvents(roots: StateRoots, callback: () => void): () => void {
  const path = eventsPath(roots);
  // The folder is watched, as the file may not be there yet.
  mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
  const watcher = watch(dirname(path), { persistent: false }, (_event, name) => {
    if (name === null || name === basename(path)) callback();
  });
  return () => watcher.close();
}

/** True while a command of ours holds the project's lock. */
export function isProjectBusy(roots: StateRoots, project: string): boolean {
  const holder = readRecord(join(roots.data, 'projects', project, 'lock'));
  return holder !== undefined && isAlive(holder as ProcessIdentity);
}
