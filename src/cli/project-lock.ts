import { linkSync, mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  isAlive,
  isErrno,
  ownIdentity,
  type ProcessIdentity,
  type StateRoots,
} from '../state/index.ts';

/** Who works on a project. */
export interface LockHolder extends ProcessIdentity {
  /** `compose up`, to tell a waiting user what goes on. */
  readonly command: string;
}

/** What taking a lock needs. */
export interface ProjectLockOptions {
  readonly roots: StateRoots;
  readonly project: string;
  readonly command: string;
  /** Called once, when somebody else is at work and this process starts to wait. */
  readonly onWait: (holder: LockHolder) => void;
  readonly sleep: (ms: number) => Promise<void>;
}

const retryMs = 50;

/**
 * Keeps a second command off a project until the returned function is called. The lock is a file with the holder's pid and
 * start time; it appears by a link of a complete file, so a reader never finds half of one, and one whose holder
 * is gone is taken over.
 */
export async function lockProject(options: ProjectLockOptions): Promise<() => void> {
  const folder = join(options.roots.data, 'projects', options.project);
  const path = join(folder, 'lock');
  const own = { ...ownIdentity(), command: options.command };
  const temporary = join(folder, `lock.${own.pid}.tmp`);
  let told = false;
  for (;;) {
    mkdirSync(folder, { recursive: true, mode: 0o711 });
    writeFileSync(temporary, JSON.stringify(own), { mode: 0o600 });
    try {
      linkSync(temporary, path);
      return () => release(path);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
    } finally {
      unlinkSync(temporary);
    }
    const holder = readHolder(path);
    if (holder === undefined) continue;
    if (!isAlive(holder)) {
      takeAway(path, holder);
      continue;
    }
    if (!told) options.onWait(holder);
    told = true;
    await options.sleep(retryMs);
  }
}

function release(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    // `down` removes the project's folder with the lock in it.
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

/**
 * Removes a dead holder's lock. It is renamed first: if another process was quicker and holds the lock already, its
 * file is put back.
 */
function takeAway(path: string, dead: LockHolder): void {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
    const moved = readHolder(aside);
    if (moved !== undefined && (moved.pid !== dead.pid || moved.start !== dead.start)) {
      linkSync(aside, path);
    }
    unlinkSync(aside);
  } catch (error) {
    if (!isErrno(error, 'ENOENT') && !isErrno(error, 'EEXIST')) throw error;
  }
}

function readHolder(path: string): LockHolder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as LockHolder;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
