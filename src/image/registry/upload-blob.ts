import { createReadStream } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { AppError, isAppError } from '../../core/index.ts';
import type { Digest } from '../digest.ts';
import type { HttpResponse } from './http.ts';
import type { RegistryClient } from './registry-client.ts';
import { isTransient, mostTries, retryDelay, sleep } from './retry.ts';

/** A blob as a file of the store. */
export interface LocalBlob {
  readonly digest: Digest;
  readonly size: number;
  readonly path: string;
}

export interface UploadOptions {
  readonly client: RegistryClient;
  readonly repository: string;
  /** Repositories of the same registry that are known to hold the blob. */
  readonly mountFrom: readonly string[];
  readonly onProgress?: (bytes: number) => void;
  readonly signal?: AbortSignal;
  readonly now: () => number;
}

export type UploadOutcome = 'exists' | 'mounted' | 'uploaded';

/** What breaks in between costs at most so much again. */
const chunkBytes = 32 * 1024 * 1024;

/**
 * Brings a blob to a repository: not at all where it is there, by a mount where another repository of the registry has it,
 * else in chunks, of which a broken one goes on where the registry says that it stands.
 * @throws {AppError} `REGISTRY_…`
 */
export async function uploadBlob(blob: LocalBlob, options: UploadOptions): Promise<UploadOutcome> {
  const { client, repository, mountFrom } = options;
  if (await hasBlob(client, repository, blob.digest)) return 'exists';
  for (let attempt = 1; ; attempt += 1) {
    const begun = await begin(client, repository, blob.digest, mountFrom[0]);
    if (begun === undefined) return 'mounted';
    // A registry that has forgotten the upload makes it begin anew, for a while.
    if (await sendChunks(blob, begun, options)) return 'uploaded';
    if (attempt >= mostTries) {
      throw new AppError(
        'REGISTRY_UNAVAILABLE',
        `registry ${client.domain} keeps forgetting the upload of ${blob.digest}`,
      );
    }
  }
}

async function hasBlob(
  client: RegistryClient,
  repository: string,
  digest: Digest,
): Promise<boolean> {
  const response = await client.send({
    method: 'HEAD',
    path: `${repository}/blobs/${digest}`,
    scope: pushScope(repository),
  });
  response.body.resume();
  return response.status === 200;
}

/** @returns where to upload to; undefined where the registry mounted the blob instead. */
async function begin(
  client: RegistryClient,
  repository: string,
  digest: Digest,
  from: string | undefined,
): Promise<URL | undefined> {
  const query = from === undefined ? '' : `?${new URLSearchParams({ mount: digest, from })}`;
  const response = await client.send({
    method: 'POST',
    path: `${repository}/blobs/uploads/${query}`,
    scope: pushScope(repository, from),
    headers: { 'content-length': '0' },
  });
  response.body.resume();
  if (response.status === 201) return undefined;
  return locationOf(client, response);
}

/** @returns false where the registry does not know the upload any more. */
async function sendChunks(blob: LocalBlob, start: URL, options: UploadOptions): Promise<boolean> {
  const { client, repository, onProgress, signal, now } = options;
  let location = start;
  let offset = 0;
  let failures = 0;
  while (offset < blob.size) {
    const end = Math.min(offset + chunkBytes, blob.size);
    let asked: IncomingHttpHeaders = {};
    try {
      const response = await client.send({
        method: 'PATCH',
        path: location,
        scope: pushScope(repository),
        once: true,
        headers: {
          'content-type': 'application/octet-stream',
          'content-length': String(end - offset),
          'content-range': `${offset}-${end - 1}`,
        },
        body: () => fileRange(blob.path, offset, end, onProgress),
      });
      response.body.resume();
      if (response.status === 404) return false;
      if (response.status !== 416) {
        location = locationOf(client, response);
        offset = end;
        failures = 0;
        continue;
      }
      failures += 1;
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      failures += 1;
      const passes =
        isTransient(error) ||
        isAppError(error, 'REGISTRY_UNAVAILABLE') ||
        isAppError(error, 'REGISTRY_RATE_LIMITED');
      if (failures >= mostTries || !passes) throw client.explain(error);
      asked = retryAfterOf(error);
    }
    if (failures >= mostTries) {
      throw new AppError(
        'REGISTRY_UNAVAILABLE',
        `registry ${client.domain} takes no more of ${blob.digest}`,
      );
    }
    await sleep(retryDelay(failures, asked, now(), Math.random()), signal);
    const state = await uploadState(client, repository, location);
    if (state === undefined) return false;
    ({ location, offset } = state);
  }
  const finish = new URL(location);
  finish.searchParams.set('digest', blob.digest);
  const response = await client.send({
    method: 'PUT',
    path: finish,
    scope: pushScope(repository),
    headers: { 'content-length': '0' },
  });
  response.body.resume();
  return response.status !== 404;
}

/** How much the registry has; undefined where it knows nothing of the upload. */
async function uploadState(
  client: RegistryClient,
  repository: string,
  location: URL,
): Promise<{ location: URL; offset: number } | undefined> {
  const response = await client.send({
    method: 'GET',
    path: location,
    scope: pushScope(repository),
  });
  response.body.resume();
  if (response.status !== 204) return undefined;
  const last = /^(?:bytes=)?0-(\d+)$/.exec(response.headers.range ?? '')?.[1];
  // `0-0` is said of an empty upload as well as of one byte; one byte more than once does no harm.
  const offset = last === undefined || last === '0' ? 0 : Number(last) + 1;
  return { location: locationOf(client, response), offset };
}

/** What a refusal has said of when to come again. */
function retryAfterOf(error: unknown): IncomingHttpHeaders {
  const { retryAfter } = (isAppError(error) ? error.details : undefined) ?? {};
  return typeof retryAfter === 'string' ? { 'retry-after': retryAfter } : {};
}

function locationOf(client: RegistryClient, { headers, url }: HttpResponse): URL {
  const { location } = headers;
  if (location === undefined) {
    throw new AppError(
      'REGISTRY_ANSWER_INVALID',
      `registry ${client.domain} does not say where to upload to`,
    );
  }
  return new URL(location, url);
}

function fileRange(
  path: string,
  start: number,
  end: number,
  onProgress: UploadOptions['onProgress'],
): Readable {
  const file = createReadStream(path, { start, end: end - 1, highWaterMark: 1024 * 1024 });
  if (onProgress === undefined) return file;
  const counted = async function* () {
    let offset = start;
    for await (const chunk of file) {
      offset += (chunk as Buffer).length;
      onProgress(offset);
      yield chunk;
    }
  };
  return Readable.from(counted(), { objectMode: false });
}

/** What a token has to allow for a push, and for a mount from another repository. */
export function pushScope(repository: string, from?: string): string {
  const own = `repository:${repository}:pull,push`;
  return from === undefined ? own : `${own} repository:${from}:pull`;
}
