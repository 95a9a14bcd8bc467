import { type ClientRequest, request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import { AppError } from '../../core/index.ts';
import type { RegistryEnv } from './registry-settings.ts';

/**
 * The proxy that a URL is to be reached through, by `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` in either case; loopback is
 * always reached directly, as in Go.
 */
export function proxyFor(url: URL, env: RegistryEnv): URL | undefined {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (host === 'localhost' || /^127\./.test(host) || host === '::1') return undefined;
  const name = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const proxy = env[name.toUpperCase()] || env[name];
  if (!proxy || isExcepted(url, env.NO_PROXY || env.no_proxy || '')) return undefined;
  try {
    return new URL(proxy.includes('://') ? proxy : `http://${proxy}`);
  } catch (cause) {
    throw new AppError('REGISTRY_CONFIG_INVALID', `${name.toUpperCase()}: "${proxy}" is no URL`, {
      cause,
    });
  }
}

function isExcepted(url: URL, list: string): boolean {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return list
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const [, name = entry, wantedPort] = /^(.+?)(?::(\d+))?$/.exec(entry) ?? [];
      if (wantedPort !== undefined && wantedPort !== port) return false;
      const bare = name.replace(/^\*?\./, '');
      const exact = name === bare;
      return (exact && url.hostname === bare) || url.hostname.endsWith(`.${bare}`);
    });
}

/** The header that a proxy with a user in its URL wants. */
export function proxyAuthorization(proxy: URL): Record<string, string> {
  if (proxy.username === '') return {};
  const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(user).toString('base64')}` };
}

/** A connection through a proxy to a host, for TLS to be spoken over. */
export function openTunnel(proxy: URL, target: URL, signal?: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const request: ClientRequest = httpRequest({
      host: proxy.hostname,
      port: proxy.port || 80,
      method: 'CONNECT',
      path: `${target.hostname}:${target.port || 443}`,
      headers: { host: `${target.hostname}:${target.port || 443}`, ...proxyAuthorization(proxy) },
      ...(signal ? { signal } : {}),
    });
    request.on('error', reject);
    request.on('connect', (response, socket) => {
      if (response.statusCode === 200) resolve(socket);
      else {
        socket.destroy();
        const status = response.statusCode ?? 0;
        const failure = new Error(`proxy ${proxy.host} answers ${status} to CONNECT`);
        // A password that it wants, or a host that it does not let through: asking again is no help.
        reject(status < 500 ? Object.assign(failure, { code: 'ERR_PROXY_REFUSED' }) : failure);
      }
    });
    request.end();
  });
}
