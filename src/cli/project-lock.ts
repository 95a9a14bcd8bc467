import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
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
    try {
      mkdirSync(folder, { recursive: true, mode: 0o711 });
      writeFileSync(temporary, JSON.stringify(own), { mode: 0o600 });
      linkSync(temporary, path);
      return () => release(folder, path);
    } catch (error) {
      // ENOENT: the one before has just taken the empty folder away.
      if (!isErrno(error, 'EEXIST') && !isErrno(error, 'ENOENT')) throw error;
    } finally {
      rmSync(temporary, { force: true });
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

/** The folder goes with its last file, so that a project that is down leaves nothing behind. */
function release(folder: string, path: string): void {
  unlinkSync(path);
  try {
    rmdirSync(folder);
  } catch (error) {
    // ENOTEMPTY: copies of configs and secrets lie there, or the next one is at work already.
    if (!isErrno(error, 'ENOTEMPTY') && !isErrno(error, 'ENOENT')) throw error;
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
