import { createHash } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../../core/index.ts';
import { unfinishedName } from '../../image/index.ts';
import type { StateRoots } from '../../state/index.ts';
import { buildPaths } from '../cache/build-paths.ts';
import { digestKey } from '../cache/digest-key.ts';
import { readMemo, writeMemo } from '../cache/memo.ts';

/** A file from the network, kept. */
export interface FetchedFile {
  readonly path: string;
  /** sha256 in hex. */
  readonly hash: string;
  /** The last part of the address. */
  readonly name: string;
}

interface Kept {
  readonly etag?: string;
  readonly modified?: string;
  readonly hash: string;
}

/**
 * Fetches a file by HTTP. One that was fetched before is asked for again by its ETag, and not sent again while it is the same.
 * @throws {AppError} `BUILD_FETCH_FAILED`
 */
export async function fetchUrl(
  roots: StateRoots,
  url: string,
  signal: AbortSignal,
): Promise<FetchedFile> {
  const folder = buildPaths(roots).downloads;
  const memo = join(folder, `${digestKey('url', url)}.json`);
  const kept = keptOf(memo, folder);
  const response = await request(url, kept, signal);
  const name = decodeURIComponent(new URL(url).pathname.split('/').at(-1) ?? '');
  if (response.status === 304 && kept !== undefined) {
    return fetched(folder, kept, name);
  }
  if (!response.ok || response.body === null) {
    throw new AppError(
      'BUILD_FETCH_FAILED',
      `${shown(url)}: the server answers ${response.status} ${response.statusText}`.trim(),
    );
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const temporary = join(folder, unfinishedName());
  const digest = createHash('sha256');
  try {
    await pipeline(
      Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]),
      async function* (pieces: AsyncIterable<Uint8Array>) {
        for await (const piece of pieces) {
          digest.update(piece);
          yield piece;
        }
      },
      createWriteStream(temporary, { mode: 0o600 }),
      { signal },
    );
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw unreachable(url, cause);
  }
  const hash = digest.digest('hex');
  renameSync(temporary, join(folder, hash));
  const etag = response.headers.get('etag');
  const modified = response.headers.get('last-modified');
  const record: Kept = { hash, ...(etag ? { etag } : {}), ...(modified ? { modified } : {}) };
  writeMemo(memo, JSON.stringify(record));
  return fetched(folder, record, name);
}

/** The digest of a file by the algorithm of a checksum, in hex. */
export async function fileDigest(path: string, algorithm: string): Promise<string> {
  const hash = createHash(algorithm);
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest('hex');
}

/** Its time is the one that the server gives, else 1970, as no other would be the same the next time. */
function fetched(folder: string, { hash, modified }: Kept, name: string): FetchedFile {
  const path = join(folder, hash);
  const ms = Date.parse(modified ?? '');
  const seconds = Number.isNaN(ms) ? 0 : Math.floor(ms / 1000);
  utimesSync(path, seconds, seconds);
  return { path, hash, name };
}

function keptOf(memo: string, folder: string): Kept | undefined {
  const text = readMemo(memo);
  if (text === undefined) return undefined;
  const kept = JSON.parse(text) as Kept;
  const isThere = statSync(join(folder, kept.hash), { throwIfNoEntry: false }) !== undefined;
  return isThere ? kept : undefined;
}

async function request(
  url: string,
  kept: Kept | undefined,
  signal: AbortSignal,
): Promise<Response> {
  const headers: Record<string, string> = { 'user-agent': 'coracle' };
  if (kept?.etag !== undefined) headers['if-none-match'] = kept.etag;
  else if (kept?.modified !== undefined) headers['if-modified-since'] = kept.modified;
  try {
    return await fetch(url, { headers, signal });
  } catch (cause) {
    throw unreachable(url, cause);
  }
}

function unreachable(url: string, cause: unknown): unknown {
  if (cause instanceof Error && cause.name === 'AbortError') return cause;
  const reason = (cause as { cause?: { message?: string } }).cause?.message ?? String(cause);
  return new AppError('BUILD_FETCH_FAILED', `cannot fetch ${shown(url)}: ${reason}`, { cause });
}

/** Without a password. */
function shown(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//');
}
