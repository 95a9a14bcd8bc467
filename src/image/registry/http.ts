import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { isIP, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { type SecureContext, connect as tlsConnect } from 'node:tls';
import { tlsContext } from './certificates.ts';
import { openTunnel, proxyAuthorization, proxyFor } from './proxy.ts';
import { isInsecure, type RegistryEnv, type RegistrySettings } from './registry-settings.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Readable;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** After redirects. */
  readonly url: URL;
  readonly body: IncomingMessage;
}

export interface HttpOptions {
  readonly env: RegistryEnv;
  readonly settings: RegistrySettings;
  readonly signal?: AbortSignal;
}

/** A peer that says nothing for so long is gone. */
const silenceMs = 60_000;
const mostRedirects = 10;
const redirects = new Set([301, 302, 303, 307, 308]);

/**
 * Plain requests to registries: TLS with the host's own authorities, proxies, redirects. Credentials are not sent on to
 * another host that a redirect names.
 */
export class HttpClient {
  readonly #options: HttpOptions;
  readonly #agents = new Map<string, Agent>();
  readonly #contexts = new Map<string, SecureContext>();

  constructor(options: HttpOptions) {
    this.#options = options;
  }

  /** @throws Node's own errors for what goes wrong below HTTP */
  async send(request: HttpRequest): Promise<HttpResponse> {
    let { url, method } = request;
    let headers = { ...request.headers };
    for (let hops = 0; ; hops += 1) {
      const body = hops === 0 ? request.body : undefined;
      const response = await this.#once({ ...request, url, method, headers, body });
      const { location } = response.headers;
      const follows = method === 'GET' || method === 'HEAD';
      if (!follows || !redirects.has(response.status) || location === undefined) return response;
      response.body.resume();
      if (hops >= mostRedirects) throw new Error(`more than ${mostRedirects} redirects`);
      const next = new URL(location, url);
      if (next.protocol !== 'https:' && next.protocol !== 'http:') {
        throw new Error(`redirect to ${next.protocol}`);
      }
      // A blob store elsewhere has its own signature in the URL, and is not to see our token.
      if (next.host !== url.host || (url.protocol === 'https:' && next.protocol === 'http:')) {
        const { authorization: _dropped, ...others } = headers;
        headers = others;
      }
      if (response.status === 303) method = 'GET';
      url = next;
    }
  }

  /** Connections that are kept for further requests would else keep the process from its end. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }

  async #once(
    request: Omit<HttpRequest, 'body'> & { body: string | Readable | undefined },
  ): Promise<HttpResponse> {
    const { url, method, body } = request;
    const { env, signal } = this.#options;
    const proxy = proxyFor(url, env);
    const isTls = url.protocol === 'https:';
    const plainProxy = proxy !== undefined && !isTls;
    const options = {
      method,
      host: plainProxy ? proxy.hostname : url.hostname.replace(/^\[|\]$/g, ''),
      port: plainProxy ? proxy.port || 80 : url.port || (isTls ? 443 : 80),
      path: plainProxy ? url.href : `${url.pathname}${url.search}`,
      headers: {
        host: url.host,
        'user-agent': 'coracle',
        ...request.headers,
        ...(plainProxy ? proxyAuthorization(proxy) : {}),
      },
      ...(signal ? { signal } : {}),
    };
    // A mistake in the certificates is told here, not inside of a callback.
    if (isTls) this.#tlsOptions(url);
    const tunnel = isTls && proxy !== undefined ? await openTunnel(proxy, url, signal) : undefined;
    return new Promise((resolve, reject) => {
      const sent = isTls
        ? httpsRequest({
            ...options,
            ...this.#tlsOptions(url),
            ...(tunnel === undefined
              ? { agent: this.#agent(url.host) }
              : { createConnection: () => this.#connectTls(url, tunnel) }),
          })
        : httpRequest(options);
      sent.setTimeout(silenceMs, () => {
        sent.destroy(new Error(`${url.host} has not answered for ${silenceMs / 1000} s`));
      });
      sent.on('error', reject);
      sent.on('response', (response) => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          url,
          body: response,
        });
      });
      if (body === undefined || typeof body === 'string') sent.end(body);
      else {
        body.on('error', (error) => sent.destroy(error));
        body.pipe(sent);
      }
    });
  }

  #agent(host: string): Agent {
    const agent = this.#agents.get(host) ?? new Agent({ keepAlive: true });
    this.#agents.set(host, agent);
    return agent;
  }

  #connectTls(url: URL, socket: Socket) {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    // An address is looked for in the certificate, but is no name to ask a server for.
    const name = isIP(host) === 0 ? { servername: host } : {};
    return tlsConnect({ ...this.#tlsOptions(url), socket, host, ...name });
  }

  #tlsOptions({ host }: URL) {
    const { settings, env } = this.#options;
    const secureContext = this.#contexts.get(host) ?? tlsContext(settings, env, host);
    this.#contexts.set(host, secureContext);
    return { secureContext, rejectUnauthorized: !isInsecure(settings, host) };
  }
}

/** The whole body of a small answer. @throws where it is longer than `mostBytes` */
export async function readBody(body: Readable, mostBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > mostBytes) {
      body.destroy();
      throw new Error(`the answer is longer than ${mostBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
