import { closeSync, openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { AppError } from '../../core/index.ts';
import { spawnChild } from '../../runtime/index.ts';
import { isErrno } from '../../state/index.ts';
import type { Digest } from '../digest.ts';

/** What the native side says of a layer that it has unpacked; native/src/untar_cmd.c. */
export interface UnpackedTar {
  /** Digest of the uncompressed archive. */
  readonly diffId: Digest;
  /** Bytes of the uncompressed archive. */
  readonly size: number;
  readonly entries: number;
  /** Digest and bytes of the archive as it was read. */
  readonly digest: Digest;
  readonly rawSize: number;
  readonly compression: 'none' | 'gzip' | 'zstd';
  /** Names of extended attributes that could not be kept. */
  readonly skippedXattrs: readonly string[];
}

export interface UntarOptions {
  /** Absolute path of coracle-runtime. */
  readonly native: string;
  /** Existing empty folder. */
  readonly folder: string;
  /** Also write the archive's bytes to this new file. */
  readonly copy?: string;
  /** Names and contents only, for archives that hold layers as files. */
  readonly verbatim?: boolean;
  readonly signal?: AbortSignal;
}

/** A path, an open descriptor (0: standard input), or a stream; read to the end. */
export type ArchiveSource = string | number | Readable;

/**
 * Unpacks a tar archive, compressed or not.
 * @throws {AppError} `IMAGE_ARCHIVE_INVALID`, `IMAGE_ARCHIVE_UNREADABLE`, `IMAGE_UNPACK_FAILED`
 */
export async function untar(source: ArchiveSource, options: UntarOptions): Promise<UnpackedTar> {
  const argv = ['untar', '--root', options.folder];
  if (options.copy !== undefined) argv.push('--copy', options.copy);
  if (options.verbatim) argv.push('--verbatim');
  const opened = typeof source === 'string' ? openArchive(source) : undefined;
  const input = opened ?? (typeof source === 'number' ? source : 'pipe');
  try {
    const child = spawnChild(options.native, argv, {
      stdio: [input, 'pipe', 'pipe'],
      ...(options.signal ? { signal: options.signal } : {}),
    });
    let broken: Error | undefined;
    if (typeof source === 'object' && child.stdin) {
      // A reader that has failed closes the pipe; its own message says why.
      child.stdin.on('error', () => source.destroy());
      source.on('error', (error) => {
        broken = error;
        child.kill();
      });
      source.pipe(child.stdin);
    }
    const [output, errors, code] = await Promise.all([
      collect(child.stdout),
      collect(child.stderr),
      new Promise<number | null>((resolve, reject) => {
        child.on('error', (cause) => reject(spawnFailure(options.native, cause)));
        child.on('close', resolve);
      }),
    ]);
    if (broken) {
      throw new AppError('IMAGE_ARCHIVE_UNREADABLE', `archive: ${broken.message}`, {
        cause: broken,
      });
    }
    if (code !== 0) throw untarFailure(errors, code);
    return JSON.parse(output) as UnpackedTar;
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}

function openArchive(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    const why = isErrno(cause, 'ENOENT') ? 'no such file' : String(cause);
    throw new AppError('IMAGE_ARCHIVE_UNREADABLE', `archive ${path}: ${why}`, { cause });
  }
}

async function collect(stream: Readable | null): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of stream ?? []) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}

function spawnFailure(native: string, cause: Error): Error {
  if (cause.name === 'AbortError') return cause;
  return new AppError('IMAGE_UNPACK_FAILED', `cannot run ${native}: ${cause.message}`, {
    cause,
    hint: 'Build the native program with `npm run setup`.',
  });
}

/** errno 0 means that the archive itself is to blame; PROTOCOL.md's error object. */
function untarFailure(errors: string, code: number | null): AppError {
  let failure: { op?: string; path?: string; errno?: number; errnoName?: string; message?: string };
  try {
    failure = JSON.parse(errors);
  } catch (cause) {
    const said = errors.trim() || `exit code ${code}`;
    return new AppError('IMAGE_UNPACK_FAILED', `unpacking ended early: ${said}`, { cause });
  }
  const { path = '', errno = 0, errnoName = '', message = '' } = failure;
  const place = path === '' ? '' : `"${path}": `;
  const details = { ...failure };
  return errno === 0
    ? new AppError('IMAGE_ARCHIVE_INVALID', `archive: ${place}${message}`, { details })
    : new AppError('IMAGE_UNPACK_FAILED', `unpacking ${place}${message} (${errnoName})`, {
        details,
      });
}
