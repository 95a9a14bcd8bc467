import { mkdirSync, readdirSync, readlinkSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../core/index.ts';
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity.ts';
import { isErrno } from './record.ts';

/** Longest time that one holder is waited for: longer than any stop that it may be waiting for itself. */
const patienceMs = 120_000;
let serial = 0;
/** Callers within this process queue here; the link only tells processes apart. */
const queues = new Map<string, Promise<unknown>>();

/**
 * Runs `work` while nobody else holds the lock, in this process or another. The lock is a symbolic link that names its holder, so
 * that a holder which was killed is recognised and its lock taken over.
 * @throws {AppError} `STATE_LOCKED`
 */
export function withProcessLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const before = queues.get(path);
  const turn = (before ?? Promise.resolve()).then(async () => {
    await acquire(path);
    try {
      return await work();
    } finally {
      unlinkSync(path);
    }
  });
  const settled = turn.then(
    () => undefined,
    () => undefined,
  );
  queues.set(path, settled);
  void settled.then(() => {
    if (queues.get(path) === settled) queues.delete(path);
  });
  return turn;
}

/** Removes the locks in a folder whose holders were killed and that nobody has asked for since. */
export function sweepDeadLocks(folder: string): void {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  for (const name of names) {
    const path = join(folder, name);
    const holder = readHolder(path);
    if (holder !== undefined && !isAlive(holder)) takeAway(path, holder);
  }
}

async function acquire(path: string): Promise<void> {
  const own = ownIdentity();
  const deadline = performance.now() + patienceMs;
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 50)) {
    try {
      symlinkSync(`${own.pid}-${own.start}`, path);
      return;
    } catch (error) {
      if (isErrno(error, 'ENOENT')) {
        mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
        continue;
      }
      if (!isErrno(error, 'EEXIST')) throw error;
    }
    const holder = readHolder(path);
    if (holder === undefined) continue;
    if (!isAlive(holder)) {
      takeAway(path, holder);
      continue;
    }
    if (performance.now() > deadline) {
      throw new AppError('STATE_LOCKED', `${path}: process ${holder.pid} does not let go of it`);
    }
    await sleep(pauseMs);
  }
}

function readHolder(path: string): ProcessIdentity | undefined {
  try {
    const [pid, start = ''] = readlinkSync(path).split('-');
    return { pid: Number(pid), start };
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Moved aside before it is removed: of two who found it dead, the slower one must not remove the faster one's lock. */
function takeAway(path: string, dead: ProcessIdentity): void {
  serial += 1;
  const aside = `${path}.${process.pid}.${serial}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  const moved = readHolder(aside);
  if (moved?.pid === dead.pid && moved.start === dead.start) unlinkSync(aside);
  else renameSync(aside, path);
}
