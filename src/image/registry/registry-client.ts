import type { Readable } from 'node:stream';
import { AppError, isAppError } from '../../core/index.ts';
import { type Digest, digestOf } from '../digest.ts';
import { Authorization } from './authorization.ts';
import { type Credentials, findCredentials } from './credentials.ts';
import { HttpClient, type HttpRequest, type HttpResponse, readBody } from './http.ts';
import { registryFailure } from './registry-failure.ts';
import { isInsecure, type RegistryEnv, type RegistrySettings } from './registry-settings.ts';
import { isTransient, isTransientStatus, mostTries, retryDelay, sleep } from './retry.ts';

export interface RegistryClientOptions {
  /** Host and port as in a reference: `docker.io`, `localhost:5000`. */
  readonly domain: string;
  readonly env: RegistryEnv;
  readonly settings: RegistrySettings;
  /** A mirror's base URL, which stands for the registry. */
  readonly baseUrl?: string;
  /** Who the user is; looked up in Docker's configuration when left out. */
  readonly credentials?: Credentials;
  readonly signal?: AbortSignal;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** A request below `/v2/`. */
export interface RegistryRequest {
  readonly method: HttpRequest['method'];
  /** Below the registry's base, or a whole URL as an upload's `Location`. */
  readonly path: string | URL;
  /** What the token has to allow: `repository:library/mysql:pull`. */
  readonly scope: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A failure is the caller's to mend: the request may have been done in part. */
  readonly once?: boolean;
  /** Made anew for each try. */
  readonly body?: () => string | Readable;
}

const mostManifestBytes = 4 * 1024 * 1024;
const mostErrorBytes = 64 * 1024;

/** A manifest or index, with the bytes that its digest is of. */
export interface FetchedManifest {
  readonly mediaType: string;
  readonly bytes: string;
  readonly digest: Digest;
}

/**
 * One registry, spoken to by the OCI distribution protocol. Tries again what may pass (broken connections, 429, 5xx), with
 * jitter and as the registry asks by `Retry-After`.
 */
export class RegistryClient {
  readonly domain: string;
  readonly #options: RegistryClientOptions;
  readonly #http: HttpClient;
  readonly #authorization: Authorization;
  #base: Promise<URL> | undefined;

  constructor(options: RegistryClientOptions) {
    this.domain = options.domain;
    this.#options = options;
    this.#http = new HttpClient(options);
    const { credentials, env, baseUrl } = options;
    // Who the user is at the registry is no business of a mirror's: it has a login of its own, or none.
    const find =
      baseUrl !== undefined
        ? () => findCredentials(new URL(baseUrl).host, env)
        : async () => credentials ?? findCredentials(options.domain, env);
    this.#authorization = new Authorization(this.#http, options.domain, find, options.now);
  }

  close(): void {
    this.#http.close();
  }

  /**
   * Asks, and answers what the registry asks back.
   * @returns an answer with a status below 400, or 404 and 416, which mean something to callers.
   * @throws {AppError} `REGISTRY_…`
   */
  async send(request: RegistryRequest): Promise<HttpResponse> {
    const { now, signal } = this.#options;
    let challenged = false;
    for (let attempt = 1; ; attempt += 1) {
      let response: HttpResponse | undefined;
      try {
        response = await this.#sendOnce(request);
      } catch (error) {
        if (request.once) throw error;
        if (attempt >= mostTries || !isTransient(error)) throw this.explain(error);
        await sleep(retryDelay(attempt, {}, now(), Math.random()), signal);
        continue;
      }
      const { status, headers } = response;
      if (status < 400 || status === 404 || status === 416) return response;
      if (status === 401 && !challenged) {
        challenged = true;
        response.body.resume();
        const { protocol, host } = response.url;
        const isProtected = protocol === 'https:' && !isInsecure(this.#options.settings, host);
        this.#authorization.challenged(headers['www-authenticate'], request.scope, isProtected);
        continue;
      }
      if (!request.once && attempt < mostTries && isTransientStatus(status)) {
        response.body.resume();
        await sleep(retryDelay(attempt, headers, now(), Math.random()), signal);
        continue;
      }
      const body = await readBody(response.body, mostErrorBytes).catch(() => Buffer.alloc(0));
      throw registryFailure(this.domain, request, response, body.toString('utf8'));
    }
  }

  /**
   * A manifest by tag or digest; by digest it is checked.
   * @returns undefined where there is none.
   */
  async manifest(
    repository: string,
    tagOrDigest: string,
    accept: readonly string[],
  ): Promise<FetchedManifest | undefined> {
    const response = await this.send({
      method: 'GET',
      path: `${repository}/manifests/${tagOrDigest}`,
      scope: pullScope(repository),
      headers: { accept: accept.join(', ') },
    });
    if (response.status === 404) {
      response.body.resume();
      return undefined;
    }
    const body = await readBody(response.body, mostManifestBytes).catch((error: unknown) => {
      throw this.explain(error);
    });
    const digest = digestOf(body);
    const wanted = tagOrDigest.startsWith('sha256:')
      ? tagOrDigest
      : response.headers['docker-content-digest'];
    if (typeof wanted === 'string' && wanted.startsWith('sha256:') && wanted !== digest) {
      throw new AppError(
        'REGISTRY_CONTENT_DAMAGED',
        `registry ${this.domain}: manifest ${wanted} of ${repository} has the digest ${digest}`,
      );
    }
    return {
      mediaType: (response.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '',
      bytes: body.toString('utf8'),
      digest,
    };
  }

  /** A small blob (a configuration), checked. @throws {AppError} `REGISTRY_CONTENT_DAMAGED`, `REGISTRY_…` */
  async smallBlob(repository: string, digest: Digest): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      const response = await this.blob(repository, digest, 0);
      let body: Buffer;
      try {
        body = await readBody(response.body, mostManifestBytes);
      } catch (error) {
        if (attempt >= mostTries || !isTransient(error)) throw this.explain(error);
        continue;
      }
      const found = digestOf(body);
      if (found === digest) return body.toString('utf8');
      throw new AppError(
        'REGISTRY_CONTENT_DAMAGED',
        `registry ${this.domain}: blob ${digest} of ${repository} has the digest ${found}`,
      );
    }
  }

  /** A blob from an offset on; the answer says by 206 whether the registry could. */
  async blob(repository: string, digest: Digest, offset: number): Promise<HttpResponse> {
    const response = await this.send({
      method: 'GET',
      path: `${repository}/blobs/${digest}`,
      scope: pullScope(repository),
      ...(offset > 0 ? { headers: { range: `bytes=${offset}-` } } : {}),
    });
    if (response.status !== 404) return response;
    response.body.resume();
    throw new AppError(
      'REGISTRY_CONTENT_DAMAGED',
      `registry ${this.domain} has no blob ${digest}, which a manifest of ${repository} names`,
    );
  }

  /** Asks for nothing, to see whether the credentials are good. */
  async ping(): Promise<void> {
    const response = await this.send({ method: 'GET', path: '', scope: '' });
    response.body.resume();
  }

  async #sendOnce({
    method,
    path,
    scope,
    headers = {},
    body,
  }: RegistryRequest): Promise<HttpResponse> {
    const base = await this.#baseUrl();
    const url = path instanceof URL ? path : new URL(path, base);
    // An upload's location may be anywhere; the token is for the registry alone.
    const authorization =
      url.host === base.host ? await this.#authorization.header(scope, this.#options.signal) : {};
    return this.#http.send({
      method,
      url,
      headers: { ...headers, ...authorization },
      ...(body === undefined ? {} : { body: body() }),
    });
  }

  /** `https://registry/v2/`; for hosts that may be insecure, whichever of TLS and plain HTTP answers. */
  #baseUrl(): Promise<URL> {
    this.#base ??= this.#findBase();
    return this.#base;
  }

  async #findBase(): Promise<URL> {
    const { baseUrl, domain, settings } = this.#options;
    if (baseUrl !== undefined) return new URL(`${baseUrl.replace(/\/$/, '')}/v2/`);
    const host = domain === 'docker.io' ? 'registry-1.docker.io' : domain;
    const secure = new URL(`https://${host}/v2/`);
    if (!isInsecure(settings, domain)) return secure;
    try {
      const response = await this.#http.send({ method: 'GET', url: secure, headers: {} });
      response.body.resume();
      return secure;
    } catch {
      // Whatever is wrong with TLS there, plain HTTP is allowed as well.
      return new URL(`http://${host}/v2/`);
    }
  }

  /** A failure below HTTP, with the registry's name. */
  explain(error: unknown): unknown {
    if (isAppError(error) || (error instanceof Error && error.name === 'AbortError')) return error;
    const { message, code } = error as NodeJS.ErrnoException;
    return new AppError('REGISTRY_UNREACHABLE', `registry ${this.domain}: ${message || code}`, {
      cause: error,
    });
  }
}

export function pullScope(repository: string): string {
  return `repository:${repository}:pull`;
}
