import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../core/index.ts';
import { isAlive, isErrno, ownIdentity, type ProcessIdentity } from '../../state/index.ts';

/** Longest time that a change of the index waits for another one. */
const patienceMs = 60_000;
let serial = 0;
/** Callers within this process queue here, so that the file is asked for by one at a time. */
let queue: Promise<unknown> = Promise.resolve();

/**
 * Runs `change` while no other process changes the store. The lock is a file that holds its owner's pid and
 * start time; an owner that was killed is recognised and its lock taken over.
 * @throws {AppError} `IMAGE_STORE_LOCKED` after a minute.
 */
export function withStoreLock<T>(path: string, change: () => T | Promise<T>): Promise<T> {
  const turn = queue.then(async () => {
    await acquire(path);
    try {
      return await change();
    } finally {
      unlinkSync(path);
    }
  });
  queue = turn.catch(() => undefined);
  return turn;
}

async function acquire(path: string): Promise<void> {
  const own = ownIdentity();
  serial += 1;
  const claim = `${path}.${own.pid}.${serial}`;
  writeFileSync(claim, `${own.pid} ${own.start}\n`, { mode: 0o600 });
  const deadline = performance.now() + patienceMs;
  try {
    for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 50)) {
      try {
        // link, not O_EXCL: the lock appears together with its content.
        linkSync(claim, path);
        return;
      } catch (error) {
        if (!isErrno(error, 'EEXIST')) throw error;
      }
      const text = readLock(path);
      if (text === undefined) continue;
      const owner = parseOwner(text);
      if (owner === undefined || !isAlive(owner)) {
        takeAway(path, text);
        continue;
      }
      if (performance.now() > deadline) {
        throw new AppError(
          'IMAGE_STORE_LOCKED',
          `image store ${path}: process ${owner.pid} has been changing it for over ${patienceMs / 1000} s`,
        );
      }
      await sleep(pauseMs);
    }
  } finally {
    rmSync(claim, { force: true });
  }
}

function readLock(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function parseOwner(text: string): ProcessIdentity | undefined {
  const [, pid, start] = /^(\d+) (\d+)\n$/.exec(text) ?? [];
  return pid === undefined || start === undefined ? undefined : { pid: Number(pid), start };
}

/**
 * Removes a dead owner's lock. Between our look and the rename another process may have done the same and
 * locked: what was moved is looked at again, and a living owner's lock is put back.
 */
function takeAway(path: string, judged: string): void {
  serial += 1;
  const aside = `${path}.${process.pid}.${serial}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  try {
    if (readFileSync(aside, 'utf8') !== judged) linkSync(aside, path);
  } finally {
    rmSync(aside, { force: true });
  }
}
