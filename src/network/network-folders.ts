/**
 * A network's folder in passing: `<data>/networks/.<pid>-<start>-<id>` is being made or taken away by that process. `<id>` itself is
 * whole. So what a killed command leaves says that nobody will come back for it.
 */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, isErrno, ownIdentity, type StateRoots, writeFileAtomic } from '../state/index.ts';
import {
  type NetworkRecord,
  networkNamePath,
  networkPaths,
  readNetwork,
} from './network-record.ts';
import { holderOf } from './reservation.ts';

const passingName = /^\.(\d+)-(\d+)-[0-9a-f]+$/;

/** Between its rename and its name a network is neither in passing nor known; nobody takes longer than this for it. */
const abandonedMs = 60_000;

/** Writes a network's folder whole; it is not known by its name yet. */
export function makeNetworkFolder(roots: StateRoots, record: NetworkRecord): void {
  const passing = passingPath(roots, record.id);
  try {
    mkdirSync(join(passing, 'addresses'), { recursive: true, mode: 0o711 });
    writeFileAtomic(join(passing, 'network.json'), `${JSON.stringify(record, null, 2)}\n`);
    renameSync(passing, networkPaths(roots, record.id).dir);
  } catch (error) {
    rmSync(passing, { recursive: true, force: true });
    throw error;
  }
}

/** Takes the folders of a network away whose name has been given back. */
export function removeNetworkFolders(roots: StateRoots, id: string): void {
  const { dir, run } = networkPaths(roots, id);
  const passing = passingPath(roots, id);
  try {
    renameSync(dir, passing);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
  rmSync(passing, { recursive: true, force: true });
  rmSync(run, { recursive: true, force: true });
}

/**
 * Removes what killed commands left of networks. Safe beside others at work.
 * @param nowMs milliseconds since 1970.
 */
export function sweepNetworkFolders(roots: StateRoots, nowMs: number): void {
  const folder = join(roots.data, 'networks');
  for (const name of entries(folder)) {
    const path = join(folder, name);
    const [, pid, start] = passingName.exec(name) ?? [];
    const isLeft =
      pid !== undefined && start !== undefined
        ? !isAlive({ pid: Number(pid), start })
        : isAbandoned(roots, name, path, nowMs);
    if (isLeft) rmSync(path, { recursive: true, force: true });
  }
}

function isAbandoned(roots: StateRoots, id: string, path: string, nowMs: number): boolean {
  const record = readNetwork(roots, id);
  if (record !== undefined && holderOf(networkNamePath(roots, record.name)) === id) return false;
  const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  return changed !== undefined && nowMs - changed > abandonedMs;
}

function passingPath(roots: StateRoots, id: string): string {
  const { pid, start } = ownIdentity();
  return join(roots.data, 'networks', `.${pid}-${start}-${id}`);
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
