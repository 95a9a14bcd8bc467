/**
 * `cp` between the host and a container: where things go, by Docker's rules. Both sides are looked at through {@link Files},
 * which never leave their root, so a container's links lead nowhere on the host.
 */
import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { AppError } from '../../core/index.ts';
import type { Files, PathStat } from '../../engine/index.ts';

/** One side of a copy. */
export interface CopySide {
  readonly files: Files;
  /** Absolute; a slash or `/.` at its end means something. */
  readonly path: string;
  /** How messages call it. */
  readonly label: string;
  /** What a message says where the path is not there. */
  missing(path: string): string;
}

export interface CopyOptions {
  /** A link as the source is followed. */
  readonly followLink: boolean;
  /** Owner in the container, `UID:GID`; as on the source where left out. */
  readonly owner?: string;
}

/** Copies one file or folder. @throws {AppError} `ENGINE_PATH_NOT_FOUND`, `ENGINE_COPY_CONFLICT` */
export async function copyPath(from: CopySide, to: CopySide, options: CopyOptions): Promise<void> {
  const source = await findSource(from, options.followLink);
  const target = await findTarget(to);
  const place = placeOf(source, target, to.path);
  const reader = await from.files.read(source.path, place.name);
  await Promise.all([writeInto(to, place.folder, reader.stream, options.owner), reader.done]);
}

/** Writes one file or folder as a tar archive to an open descriptor. */
export async function sendPath(from: CopySide, output: number, followLink: boolean): Promise<void> {
  const source = await findSource(from, followLink);
  await from.files.send(source.path, posix.basename(source.path) || '.', output);
}

/** Unpacks an archive into a folder that must be there. */
export async function copyArchive(
  archive: Readable | number,
  to: CopySide,
  owner?: string,
): Promise<void> {
  const target = await findTarget(to);
  if (target.stat === undefined) throw notFound(to, posix.dirname(target.path));
  if (target.stat.kind !== 'folder') {
    throw new AppError('ENGINE_COPY_CONFLICT', `destination "${to.label}" must be a directory`);
  }
  await writeInto(to, target.path, archive, owner);
}

interface Found {
  readonly path: string;
  readonly stat: PathStat;
}

/** A trailing slash asks for the folder behind a link, `-L` for whatever is behind it. */
async function findSource(side: CopySide, followLink: boolean): Promise<Found> {
  const wantsContent = /(^|\/)\.?$/.test(side.path);
  const found = await resolve(side, side.path, followLink || wantsContent);
  if (found.stat === undefined) throw notFound(side, side.path);
  if (wantsContent && found.stat.kind !== 'folder') {
    throw new AppError('ENGINE_PATH_NOT_FOUND', `${trimmed(side.path)}: not a directory`);
  }
  return { path: found.path, stat: found.stat };
}

function findTarget(side: CopySide): Promise<{ path: string; stat: PathStat | undefined }> {
  return resolve(side, side.path, true);
}

/** As many links as the kernel itself follows. */
const linksMax = 40;

/** The path with the links in its last component resolved; what is before it the kernel resolves, within the root. */
async function resolve(
  side: CopySide,
  path: string,
  follow: boolean,
): Promise<{ path: string; stat: PathStat | undefined }> {
  let current = trimmed(path);
  for (let links = 0; links <= linksMax; links += 1) {
    const stat = await side.files.stat(current);
    if (stat?.kind !== 'link' || !follow) return { path: current, stat };
    current = posix.resolve(posix.dirname(current), stat.target ?? '');
  }
  throw new AppError('ENGINE_PATH_NOT_FOUND', `${path}: too many levels of symbolic links`);
}

/** The folder that the archive goes into, and what its top entry is called. */
function placeOf(
  source: Found,
  target: { readonly path: string; readonly stat: PathStat | undefined },
  asked: string,
): { readonly folder: string; readonly name: string } {
  const isFolder = source.stat.kind === 'folder';
  const beside = { folder: posix.dirname(target.path), name: posix.basename(target.path) };
  if (target.stat === undefined) {
    if (isFolder || !/(^|\/)\.?$/.test(asked)) return beside;
    throw new AppError('ENGINE_PATH_NOT_FOUND', 'no such directory', {
      hint: `The target ${asked} ends in a slash and is not there: make the folder first.`,
    });
  }
  if (target.stat.kind === 'folder') {
    const content = isFolder && source.path.endsWith('/.');
    return { folder: target.path, name: content ? '.' : posix.basename(source.path) || '.' };
  }
  if (isFolder) throw new AppError('ENGINE_COPY_CONFLICT', 'cannot copy directory');
  return beside;
}

async function writeInto(
  side: CopySide,
  folder: string,
  archive: Readable | number,
  owner: string | undefined,
): Promise<void> {
  try {
    await side.files.write(folder, archive, owner);
  } catch (error) {
    const { op, errnoName, path } = (error as { details?: Record<string, unknown> }).details ?? {};
    if (op === 'open' && errnoName === 'ENOENT') throw notFound(side, folder);
    if (op === 'put') {
      throw new AppError('ENGINE_COPY_CONFLICT', `${String(path)}: ${conflict(error)}`, {
        cause: error,
      });
    }
    throw error;
  }
}

function conflict(error: unknown): string {
  return String(
    (error as { details?: { message?: unknown } }).details?.message ?? 'it is in the way',
  );
}

function notFound(side: CopySide, path: string): AppError {
  return new AppError('ENGINE_PATH_NOT_FOUND', side.missing(path));
}

/** Without slashes at the end; `/.` stays, as it asks for a folder's content. */
function trimmed(path: string): string {
  const whole = path.replace(/\/+$/, '');
  return whole === '' ? '/' : whole;
}
