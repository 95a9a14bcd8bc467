/** Stands between a client and a registry and does to the traffic what bad networks and busy registries do. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What is done to a request instead of, or besides, passing it on. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Record<string, string> }
  /** The connection is cut after so many bytes of the answer's body. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** The connection is cut after so many bytes of what the client sends. */
  | { readonly kind: 'cutUpload'; readonly afterBytes: number }
  /** One byte of the body is another one. */
  | { readonly kind: 'corrupt' }
  /** The request's connection is cut before anything is passed on. */
  | { readonly kind: 'reset' }
  /** Ranges are not known here. */
  | { readonly kind: 'noRange' }
  /** The answer comes in so many pieces, each a while after the one before. */
  | { readonly kind: 'slow'; readonly pieces: number; readonly pauseMs: number }
  | { readonly kind: 'redirect'; readonly to: string };

export interface FaultProxy {
  readonly host: string;
  /** All requests as `GET /v2/…`, with their headers. */
  readonly seen: readonly { readonly line: string; readonly headers: IncomingMessage['headers'] }[];
  stop(): Promise<void>;
}

/** @param choose  the fault for a request; `count` is how often this very method and path was asked for before. */
export async function startFaultProxy(
  target: string,
  choose: (line: string, count: number, request: IncomingMessage) => Fault | undefined,
): Promise<FaultProxy> {
  const seen: { line: string; headers: IncomingMessage['headers'] }[] = [];
  const counts = new Map<string, number>();
  const server = createServer((incoming, answer) => {
    const line = `${incoming.method} ${incoming.url}`;
    const count = counts.get(line) ?? 0;
    counts.set(line, count + 1);
    seen.push({ line, headers: incoming.headers });
    const fault = choose(line, count, incoming);
    if (fault?.kind === 'reset') incoming.socket.destroy();
    else if (fault?.kind === 'status') {
      incoming.resume();
      answer
        .writeHead(fault.status, fault.headers ?? {})
        .end('{"errors":[{"message":"injected"}]}');
    } else if (fault?.kind === 'redirect') {
      answer.writeHead(307, { location: fault.to }).end();
    } else pass(target, incoming, answer, fault);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function pass(
  target: string,
  incoming: IncomingMessage,
  answer: ServerResponse,
  fault: Fault | undefined,
): void {
  const { range: _range, ...withoutRange } = incoming.headers;
  const [hostname, port] = target.split(':');
  // The host stays that of the proxy, so that uploads come back through it.
  const onward = request({
    hostname,
    port,
    method: incoming.method,
    path: incoming.url,
    headers: fault?.kind === 'noRange' ? withoutRange : incoming.headers,
  });
  onward.on('error', () => answer.destroy());
  onward.on('response', (response) => {
    answer.writeHead(response.statusCode ?? 500, response.headers);
    if (fault?.kind === 'slow') {
      void trickle(response, answer, fault);
      return;
    }
    let passed = 0;
    response.on('data', (chunk: Buffer) => {
      if (fault?.kind === 'cut' && passed + chunk.length >= fault.afterBytes) {
        answer.write(chunk.subarray(0, fault.afterBytes - passed), () => incoming.socket.destroy());
        response.destroy();
        return;
      }
      if (fault?.kind === 'corrupt' && passed === 0) {
        chunk[chunk.length - 1] = (chunk[chunk.length - 1] ?? 0) ^ 0xff;
      }
      passed += chunk.length;
      answer.write(chunk);
    });
    response.on('end', () => answer.end());
    response.on('error', () => answer.destroy());
  });
  if (fault?.kind === 'cutUpload') {
    let taken = 0;
    incoming.on('data', (chunk: Buffer) => {
      taken += chunk.length;
      if (taken < fault.afterBytes) return;
      incoming.socket.destroy();
      onward.destroy();
    });
  }
  incoming.pipe(onward);
}

async function trickle(
  response: IncomingMessage,
  answer: ServerResponse,
  { pieces, pauseMs }: { readonly pieces: number; readonly pauseMs: number },
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const step = Math.ceil(body.length / pieces);
  for (let at = 0; at < body.length && !answer.destroyed; at += step) {
    answer.write(body.subarray(at, at + step));
    await sleep(pauseMs);
  }
  answer.end();
}
