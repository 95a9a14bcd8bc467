import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { AppError, isAppError } from '../../core/index.ts';
import type { Digest } from '../digest.ts';
import type { RegistryClient } from './registry-client.ts';
import { isTransient, mostTries, retryDelay, sleep } from './retry.ts';

export interface BlobStreamOptions {
  readonly client: RegistryClient;
  readonly repository: string;
  readonly digest: Digest;
  /** Bytes of the whole blob, as its manifest says. */
  readonly size: number;
  /** What an earlier, interrupted download has left of its beginning. */
  readonly begun?: { readonly path: string; readonly size: number };
  readonly signal?: AbortSignal;
  /** Called with the number of bytes that there are so far. */
  readonly onProgress?: (bytes: number) => void;
  readonly now: () => number;
}

/**
 * A blob's bytes in order. What an earlier try has left is read from disk; a connection that breaks goes on by a range
 * where it stopped. The digest is the reader's to check.
 */
export function blobStream(options: BlobStreamOptions): Readable {
  return Readable.from(blobBytes(options), { objectMode: false, highWaterMark: 1024 * 1024 });
}

async function* blobBytes(options: BlobStreamOptions): AsyncGenerator<Buffer> {
  const { client, repository, digest, size, begun, signal, onProgress, now } = options;
  let offset = 0;
  if (begun !== undefined) {
    for await (const chunk of createReadStream(begun.path, { end: begun.size - 1 })) {
      offset += (chunk as Buffer).length;
      onProgress?.(offset);
      yield chunk as Buffer;
    }
  }
  let failures = 0;
  while (offset < size) {
    const before = offset;
    try {
      const response = await client.blob(repository, digest, offset);
      // A registry without ranges begins again: what is known is skipped.
      let skip = offset > 0 && response.status !== 206 ? offset : 0;
      if (response.status === 416) throw shortBlob(client, options, offset);
      for await (const chunk of response.body as AsyncIterable<Buffer>) {
        const piece = skip > 0 ? chunk.subarray(Math.min(skip, chunk.length)) : chunk;
        skip -= chunk.length - piece.length;
        if (piece.length === 0) continue;
        offset += piece.length;
        if (offset > size) throw longBlob(client, options);
        onProgress?.(offset);
        yield piece;
      }
      if (offset === before) throw new Error('the connection was closed early');
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      failures = offset > before ? 1 : failures + 1;
      if (failures >= mostTries || !isTransient(error)) throw explain(client, error);
      await sleep(retryDelay(failures, {}, now(), Math.random()), signal);
    }
  }
}

function longBlob({ domain }: RegistryClient, { digest, size }: BlobStreamOptions): AppError {
  return new AppError(
    'REGISTRY_CONTENT_DAMAGED',
    `registry ${domain}: blob ${digest} is longer than the ${size} bytes of its manifest`,
  );
}

function shortBlob(
  { domain }: RegistryClient,
  { digest, size }: BlobStreamOptions,
  offset: number,
): AppError {
  return new AppError(
    'REGISTRY_CONTENT_DAMAGED',
    `registry ${domain}: blob ${digest} ends after ${offset} of ${size} bytes`,
  );
}

function explain({ domain }: RegistryClient, error: unknown): unknown {
  if (isAppError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new AppError('REGISTRY_UNREACHABLE', `registry ${domain}: ${message}`, { cause: error });
}
