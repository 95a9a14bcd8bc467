import type { IncomingHttpHeaders } from 'node:http';
import { isAppError } from '../../core/index.ts';

/** Answers that a later try may better. */
const transient = new Set([408, 425, 429, 500, 502, 503, 504]);
const longestWaitMs = 30_000;
const firstWaitMs = 250;
export const mostTries = 6;

/** A certificate does not become better, and a host that is not there is told at once. */
const lasting =
  /^(CERT_|ERR_PROXY_REFUSED|ERR_TLS|ERR_SSL|DEPTH_|SELF_|UNABLE_|HOSTNAME_|ENOTFOUND|EAI_|EPROTO|ECONNREFUSED|ENETUNREACH|EHOSTUNREACH)/;

/** True where it is worth trying again: the connection failed, not the request. */
export function isTransient(error: unknown): boolean {
  if (isAppError(error) || !(error instanceof Error) || error.name === 'AbortError') return false;
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined || !lasting.test(code);
}

export function isTransientStatus(status: number): boolean {
  return transient.has(status);
}

/** How long to wait before try number `attempt` (from 1), in milliseconds: what the server asks for, else doubling, with jitter. */
export function retryDelay(
  attempt: number,
  headers: IncomingHttpHeaders,
  nowMs: number,
  random: number,
): number {
  const asked = retryAfterMs(headers['retry-after'], nowMs);
  if (asked !== undefined) return Math.min(asked, longestWaitMs);
  const base = Math.min(firstWaitMs * 2 ** (attempt - 1), longestWaitMs);
  return base / 2 + (base / 2) * random;
}

/** `Retry-After`: seconds, or a date. */
function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

/** Waits, unless the signal ends it. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
  });
}
