/** The token service of a registry: passwords and refresh tokens for signed tokens, as the distribution protocol has them. */
import { createPrivateKey, sign, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KeyPair } from './certificates.ts';

export interface TokenServer {
  readonly realm: string;
  /** Each request's method, scopes, and who asked by what. */
  readonly seen: readonly {
    readonly method: string;
    readonly scopes: string[];
    readonly by: string;
  }[];
  stop(): Promise<void>;
}

interface Rules {
  readonly users: Readonly<Record<string, string>>;
  readonly refreshTokens?: Readonly<Record<string, string>>;
  /** What somebody without a name may do. */
  readonly anonymous?: readonly string[];
}

/** @param keys  the registry has their certificate as `rootcertbundle`. */
export async function startTokenServer(keys: KeyPair, rules: Rules): Promise<TokenServer> {
  const seen: { method: string; scopes: string[]; by: string }[] = [];
  const server = createServer(async (request, answer) => {
    const url = new URL(request.url ?? '', 'http://token');
    const query =
      request.method === 'POST' ? new URLSearchParams(await text(request)) : url.searchParams;
    const scopes = query.getAll('scope').flatMap((scope) => scope.split(' '));
    const who = identify(request, query, rules);
    seen.push({ method: request.method ?? '', scopes, by: who.by });
    if (who.isRefused) {
      answer.writeHead(401).end('{"errors":[{"message":"wrong"}]}');
      return;
    }
    const actions = who.by === '' ? (rules.anonymous ?? []) : ['pull', 'push'];
    const token = signToken(keys, query.get('service') ?? '', scopes, actions);
    answer.end(JSON.stringify({ token, access_token: token, expires_in: 300 }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    realm: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    seen,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function identify(request: IncomingMessage, query: URLSearchParams, rules: Rules) {
  const refresh = query.get('refresh_token');
  if (refresh !== null) {
    const by = rules.refreshTokens?.[refresh];
    return { by: by === undefined ? '' : `${by} by refresh token`, isRefused: by === undefined };
  }
  const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (basic === undefined) return { by: '', isRefused: false };
  const [user = '', password] = Buffer.from(basic, 'base64').toString().split(':');
  return { by: user, isRefused: rules.users[user] !== password };
}

function signToken(
  { certificate, key }: KeyPair,
  audience: string,
  scopes: readonly string[],
  actions: readonly string[],
): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const x5c = [new X509Certificate(readFileSync(certificate)).raw.toString('base64')];
  const nowS = Math.floor(Date.now() / 1000);
  const access = scopes.flatMap((scope) => {
    const [, type, name, asked = ''] = /^(\w+):(.+):([\w,]+)$/.exec(scope) ?? [];
    const allowed = asked.split(',').filter((action) => actions.includes(action));
    return type === undefined ? [] : [{ type, name, actions: allowed }];
  });
  const claims = {
    iss: 'test',
    sub: '',
    aud: audience,
    iat: nowS,
    nbf: nowS - 10,
    exp: nowS + 300,
    jti: '1',
    access,
  };
  const signed = `${part({ typ: 'JWT', alg: 'ES256', x5c })}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), {
    key: createPrivateKey(readFileSync(key)),
    dsaEncoding: 'ieee-p1363',
  });
  return `${signed}.${signature.toString('base64url')}`;
}

async function text(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}
