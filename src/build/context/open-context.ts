import {
  closeSync,
  createReadStream,
  createWriteStream,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AppError, ignoreFilePatterns } from '../../core/index.ts';
import { unfinishedName, untar } from '../../image/index.ts';
import type { BuilderOptions, ContextSource } from '../build-options.ts';
import { buildPaths } from '../cache/build-paths.ts';
import { fetchUrl } from './fetch-url.ts';
import { FolderContext } from './folder-context.ts';
import { checkoutGit, parseGitAddress } from './git-repository.ts';
import { excludePatterns } from './path-patterns.ts';

/** A context as a folder of this machine. */
export interface OpenedContext {
  readonly folder: string;
  /** It is the user's own: a Dockerfile may be named outside of it. */
  readonly isLocal: boolean;
  /** A context that is a Dockerfile alone. */
  readonly dockerfile?: string;
  readonly close: () => void;
}

/**
 * Brings a context here.
 * @throws {AppError} `BUILD_CONTEXT_INVALID`, `BUILD_FETCH_FAILED`, `IMAGE_ARCHIVE_…`
 */
export async function openContext(
  source: Exclude<ContextSource, { kind: 'image' | 'oci-layout' }>,
  builder: BuilderOptions,
  signal: AbortSignal,
): Promise<OpenedContext> {
  const { roots } = builder;
  switch (source.kind) {
    case 'folder': {
      if (statSync(source.path, { throwIfNoEntry: false })?.isDirectory()) {
        return { folder: source.path, isLocal: true, close: () => undefined };
      }
      throw new AppError('BUILD_CONTEXT_INVALID', `build context ${source.path} is no folder`);
    }
    case 'git': {
      const address = parseGitAddress(source.url);
      if (address === undefined) {
        throw new AppError(
          'BUILD_CONTEXT_INVALID',
          `"${source.url}" is no address of a repository`,
        );
      }
      const { path } = await checkoutGit(roots, address, { env: builder.env, signal });
      const folder = insideOf(path, address.folder);
      return { folder, isLocal: false, close: () => undefined };
    }
    case 'archive':
      return typeof source.archive === 'number'
        ? archiveOrDockerfile(source.archive, builder, signal)
        : unpack(source.archive, builder, signal);
    case 'url': {
      const { path } = await fetchUrl(roots, source.url, signal);
      if (archiveKindOf(path) !== undefined) return unpack(path, builder, signal);
      return { ...emptyFolder(builder), dockerfile: readFileSync(path, 'utf8') };
    }
  }
}

/** The files of a context, without what the ignore file names. */
export function contextFiles(folder: string, ignoreFile: string | undefined): FolderContext {
  const patterns = ignoreFile === undefined ? [] : ignoreFilePatterns(ignoreFile);
  return new FolderContext(folder, excludePatterns(patterns, 'BUILD_CONTEXT_INVALID'));
}

/** What a file that starts like a tar archive, or like a compressed file, is. */
export type ArchiveKind = 'tar' | 'gzip' | 'zstd' | 'bzip2' | 'xz';

/** The kind of a file by its first bytes; undefined for any other file. */
export function archiveKindOf(path: string): ArchiveKind | undefined {
  const head = Buffer.alloc(512);
  const fd = openSync(path, 'r');
  try {
    return archiveKind(head.subarray(0, readSync(fd, head, 0, head.length, 0)));
  } finally {
    closeSync(fd);
  }
}

function archiveKind(head: Buffer): ArchiveKind | undefined {
  const starts = (bytes: readonly number[]) => bytes.every((byte, index) => head[index] === byte);
  if (starts([0x1f, 0x8b])) return 'gzip';
  if (starts([0x28, 0xb5, 0x2f, 0xfd])) return 'zstd';
  if (starts([0x42, 0x5a, 0x68])) return 'bzip2';
  if (starts([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])) return 'xz';
  return isTarHeader(head) ? 'tar' : undefined;
}

/** The oldest archives have no magic number; the sum of the header's bytes tells them. */
function isTarHeader(head: Buffer): boolean {
  if (head.length < 512 || head[0] === 0) return false;
  const [, digits] = /^[ \0]*([0-7]+)[ \0]*$/.exec(head.toString('latin1', 148, 156)) ?? [];
  if (digits === undefined) return false;
  const sum = head.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  return sum === Number.parseInt(digits, 8);
}

/** What comes from a descriptor may be a Dockerfile alone, too; that shows only once it is here. */
async function archiveOrDockerfile(
  fd: number,
  builder: BuilderOptions,
  signal: AbortSignal,
): Promise<OpenedContext> {
  const received = emptyFolder(builder);
  const file = join(received.folder, 'received');
  try {
    const input = createReadStream('', { fd, autoClose: false });
    await pipeline(input, createWriteStream(file, { mode: 0o600 }), { signal });
    if (archiveKindOf(file) !== undefined) return await unpack(file, builder, signal);
    return { ...emptyFolder(builder), dockerfile: readFileSync(file, 'utf8') };
  } finally {
    received.close();
  }
}

async function unpack(
  archive: string | number,
  builder: BuilderOptions,
  signal: AbortSignal,
): Promise<OpenedContext> {
  const opened = emptyFolder(builder);
  try {
    await untar(archive, { native: builder.native, folder: opened.folder, signal });
    return opened;
  } catch (error) {
    opened.close();
    throw error;
  }
}

function emptyFolder({ roots }: BuilderOptions): OpenedContext {
  const folder = join(buildPaths(roots).work, unfinishedName());
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return { folder, isLocal: false, close: () => rmSync(folder, { recursive: true, force: true }) };
}

/** A folder of a repository; links in it lead nowhere outside. */
function insideOf(root: string, folder: string): string {
  const path = contextFiles(root, undefined).resolve(folder);
  if (path === undefined) {
    throw new AppError('BUILD_CONTEXT_INVALID', `the repository has no folder "${folder}"`);
  }
  return join(root, path);
}
