import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { isNativeFailure, nativeError } from './native-error.ts';
import type { NativeFailure } from './native-ops.ts';
import { spawnChild } from './spawn-child.ts';

/** Whose files: a container's by its two folders, or the host's where there are none. */
export interface ArchivePlace {
  /** Absolute path of coracle-runtime. */
  readonly native: string;
  readonly container?: { readonly dir: string; readonly run: string };
}

/** What stands at a path; a link is not followed. */
export interface PathStat {
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  /** Permission bits. */
  readonly mode: number;
  readonly size: number;
  /** Text of a link. */
  readonly target?: string;
}

/** A tar archive that is being read: its bytes, and whether all went well once they have ended. */
export interface ArchiveReader {
  readonly stream: Readable;
  readonly done: Promise<void>;
}

/** @returns undefined where there is nothing. @throws {AppError} `NATIVE_…` */
export async function statPath(place: ArchivePlace, path: string): Promise<PathStat | undefined> {
  const child = start(place, 'stat', ['--', path], 'ignore');
  try {
    const [text] = await Promise.all([collect(child.stdout), ended(child)]);
    return JSON.parse(text.toString('utf8')) as PathStat;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** What is read: see {@link readArchive}. */
export type ArchivePart =
  | { readonly kind: 'get'; readonly path: string; readonly name: string }
  | { readonly kind: 'export' | 'layer' };

function partArguments(part: ArchivePart): string[] {
  return part.kind === 'get' ? ['--name', part.name, '--', part.path] : [];
}

/**
 * Reads files as a tar archive: `get` a path with all below it, `export` the container's root without its volumes, `layer`
 * what it has changed, as a layer of an image.
 */
export function readArchive(place: ArchivePlace, part: ArchivePart): ArchiveReader {
  const child = start(place, part.kind, partArguments(part), 'ignore');
  const done = ended(child);
  // Whoever reads the stream asks afterwards; until then nobody listens.
  done.catch(() => undefined);
  return { stream: child.stdout as Readable, done };
}

/** The same to an open descriptor, without the bytes passing through this process. */
export async function sendArchive(
  place: ArchivePlace,
  part: ArchivePart,
  output: number,
): Promise<void> {
  await ended(start(place, part.kind, partArguments(part), 'ignore', output), 'SIGPIPE');
}

/**
 * Unpacks a tar archive into an existing folder.
 * @param source a stream, or a descriptor (0: standard input).
 * @param owner `UID[:GID]`, or names of the container's, for everything; the archive's own when left out. On the host everything is the caller's.
 */
export async function writeArchive(
  place: ArchivePlace,
  path: string,
  source: Readable | number,
  owner?: string,
): Promise<void> {
  const args = [...(owner === undefined ? [] : ['--owner', owner]), '--', path];
  const child = start(place, 'put', args, typeof source === 'number' ? source : 'pipe');
  if (typeof source !== 'number' && child.stdin !== null) {
    // A writer that has failed closes the pipe; its own message says why.
    child.stdin.on('error', () => source.destroy());
    source.pipe(child.stdin);
  }
  await ended(child);
}

/** What a container has changed on its root: `A`dded, `C`hanged, `D`eleted, sorted by path. */
export async function layerChanges(
  place: ArchivePlace,
): Promise<{ kind: 'A' | 'C' | 'D'; path: string }[]> {
  const child = start(place, 'diff', [], 'ignore');
  const [text] = await Promise.all([collect(child.stdout), ended(child)]);
  return text
    .toString('utf8')
    .split('\0')
    .slice(0, -1)
    .map((line) => ({ kind: line[0] as 'A' | 'C' | 'D', path: line.slice(2) }));
}

function start(
  { native, container }: ArchivePlace,
  part: string,
  args: readonly string[],
  input: 'ignore' | 'pipe' | number,
  output: 'pipe' | number = 'pipe',
): ChildProcess {
  const place = container === undefined ? [] : ['--dir', container.dir, '--run', container.run];
  return spawnChild(native, ['archive', part, ...place, ...args], {
    stdio: [input, output, 'pipe'],
    env: {},
  });
}

/** @param harmless  a signal that is no failure: whoever reads has had enough. */
async function ended(child: ChildProcess, harmless?: 'SIGPIPE'): Promise<void> {
  const errors = collect(child.stderr);
  const status = await new Promise<string | undefined>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code === 0 ? undefined : String(code ?? signal)));
  });
  if (status === undefined || status === harmless) return;
  const text = (await errors).toString('utf8').trim();
  throw nativeError(failureOf(text) ?? { ...unknownFailure, message: text || `ended: ${status}` });
}

const unknownFailure: NativeFailure = {
  stage: 'archive',
  op: 'archive',
  path: '',
  errno: 0,
  errnoName: '',
  message: '',
};

function failureOf(text: string): NativeFailure | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isNativeFailure(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  const { errnoName } = (error as { details?: { errnoName?: unknown } }).details ?? {};
  return errnoName === 'ENOENT' || errnoName === 'ENOTDIR';
}

async function collect(stream: Readable | null): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream ?? []) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
