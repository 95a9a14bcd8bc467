import { AppError, type ErrorCode, isAppError } from '../../core/index.ts';
import { composeFileIn } from './discover.ts';
import type { LoadShared } from './load-context.ts';
import type { FileReader } from './load-result.ts';
import { type Node, stringOf } from './yaml/node.ts';

/** A file that was brought here from elsewhere, with those beside it. */
export interface RemoteCheckout {
  /** Root of the copy, absolute, without symbolic links: nothing outside may be read for its files. */
  readonly folder: string;
  /** The file or folder that the address names, inside. */
  readonly path: string;
  /** What exactly it is, for people: `commit 1f2e…`, `sha256:…`. */
  readonly revision: string;
  /** The address that names just this revision; left out where the given one does. */
  readonly pinnedAddress?: string;
}

/** Brings remote files here; loading asks it for nothing unless it is passed in. */
export interface RemoteFiles {
  /**
   * @returns undefined for one that has to be waited for: {@link bring} gets it, and the files are loaded once more.
   * @throws {AppError} with the reason why it cannot be had
   */
  fetch(address: string): RemoteCheckout | undefined;
  /** Gets those that `fetch` did not have; afterwards `fetch` has each, or its failure. */
  bring?(addresses: readonly string[]): Promise<void>;
}

/** True for an address that Compose would fetch with git or from a registry. */
export function isRemoteFile(path: string): boolean {
  return (
    /^(oci|git|ssh|https?):\/\//.test(path) ||
    /^git@[^/]+:/.test(path) ||
    /^github\.com\//.test(path)
  );
}

/**
 * The file that a remote address names, and the folder that it is confined to; `undefined` once reported.
 * @param from - what the naming file is confined to itself.
 */
export function fetchRemoteFile(
  address: string,
  place: Node,
  { remote, reader, findings, awaited }: LoadShared,
  from: string | undefined,
): { file: string; confinedTo: string } | undefined {
  const refuse = (code: ErrorCode, message: string, hint?: string) =>
    findings.error(code, message, place, hint === undefined ? {} : { hint });
  if (from !== undefined) {
    refuse(
      'COMPOSE_REMOTE_CONFINED',
      `"${address}" is named by a file that is remote itself`,
      'Include it in a local file.',
    );
    return undefined;
  }
  if (remote === undefined) {
    refuse(
      'COMPOSE_REMOTE_DISABLED',
      `"${address}" is a remote file`,
      'Trust it with `--allow-remote` or CORACLE_ALLOW_REMOTE=1, or name a local copy.',
    );
    return undefined;
  }
  try {
    const checkout = remote.fetch(address);
    if (checkout === undefined) {
      awaited.add(address);
      return undefined;
    }
    const { folder, path, revision, pinnedAddress } = checkout;
    const file = reader.kind(path) === 'folder' ? composeFileIn(path, reader, findings) : path;
    if (file === undefined || reader.kind(file) !== 'file') {
      refuse('COMPOSE_FILE_NOT_FOUND', `"${address}" has no compose file at ${revision}`);
      return undefined;
    }
    if (!isInside(folder, file, reader)) {
      refuse('COMPOSE_REMOTE_CONFINED', `"${address}" leads out of its repository`);
      return undefined;
    }
    if (pinnedAddress !== undefined) {
      findings.warning('COMPOSE_REMOTE_UNPINNED', `"${address}" is at ${revision}`, place, {
        hint: `Name it as "${pinnedAddress}", so that what runs cannot change.`,
      });
    }
    return { file, confinedTo: folder };
  } catch (error) {
    if (!isAppError(error)) {
      throw error;
    }
    refuse(error.code, error.message, error.hint);
    return undefined;
  }
}

/** Reports a path of a remote file that leads out of the checkout; true where there is none to report. */
export function isAllowed(
  path: string,
  place: Node,
  confinedTo: string | undefined,
  { reader, findings }: Pick<LoadShared, 'reader' | 'findings'>,
): boolean {
  if (confinedTo === undefined || isInside(confinedTo, path, reader)) {
    return true;
  }
  const written = stringOf(place) ?? path;
  findings.error(
    'COMPOSE_REMOTE_CONFINED',
    `"${written}" leads out of the repository that the file came from`,
    place,
  );
  return false;
}

/** True for a path in or below the folder, its symbolic links followed. */
function isInside(folder: string, path: string, reader: FileReader): boolean {
  const real = reader.resolveLinks?.(path) ?? path;
  return real === folder || real.startsWith(`${folder}/`);
}

/** For those that cannot fetch: the reason, as an error with its hint. */
export function unreachable(address: string, reason: string, hint?: string): AppError {
  return new AppError('COMPOSE_REMOTE_UNREACHABLE', `cannot fetch "${address}": ${reason}`, {
    ...(hint === undefined ? {} : { hint }),
  });
}
