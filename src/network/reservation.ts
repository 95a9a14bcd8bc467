import { mkdirSync, readlinkSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isErrno } from '../state/index.ts';

/**
 * A reservation is a symbolic link that nobody follows: its name is what is reserved, its target names the holder. It comes
 * into being whole and for one process alone.
 */

let serial = 0;

/**
 * Reserves `path` for `holder`; where the present holder is stale, takes over.
 * @param isStale whether a holder no longer exists.
 * @returns undefined where it is ours now (or was before), else who holds it.
 */
export function reserve(
  path: string,
  holder: string,
  isStale: (holder: string) => boolean,
): string | undefined {
  for (;;) {
    try {
      symlinkSync(holder, path);
      return undefined;
    } catch (error) {
      if (isErrno(error, 'ENOENT')) {
        mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
        continue;
      }
      if (!isErrno(error, 'EEXIST')) throw error;
    }
    const present = holderOf(path);
    if (present === holder) return undefined;
    if (present !== undefined && !isStale(present)) return present;
    if (present !== undefined) release(path, present);
  }
}

/** Who holds `path`; undefined where nobody does. */
export function holderOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    // EINVAL: no link; ENAMETOOLONG and ENOTDIR: nothing that could have been reserved.
    if (['ENOENT', 'EINVAL', 'ENAMETOOLONG', 'ENOTDIR'].some((code) => isErrno(error, code))) {
      return undefined;
    }
    throw error;
  }
}

/**
 * Gives `path` back, if `holder` still holds it. The link is moved aside before it is looked at: of two processes that both
 * found it stale, the slower one must not remove what the faster one has put there.
 */
export function release(path: string, holder: string): void {
  if (holderOf(path) !== holder) return;
  serial += 1;
  const aside = join(dirname(path), `.${basename(path)}.${process.pid}.${serial}`);
  try {
    renameSync(path, aside);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  const moved = holderOf(aside);
  unlinkSync(aside);
  // Somebody else's, reserved in between: back, unless a third one was faster still.
  if (moved !== undefined && moved !== holder) reserve(path, moved, () => false);
}

/** Points `path` to something else in one step; not a reservation, the last writer wins. */
export function remember(path: string, value: string): void {
  if (holderOf(path) === value) return;
  serial += 1;
  const aside = join(dirname(path), `.${basename(path)}.${process.pid}.${serial}`);
  mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
  symlinkSync(value, aside);
  renameSync(aside, path);
}
