import { AppError } from '../../core/index.ts';
import type { Credentials } from './credentials.ts';
import { type HttpClient, readBody } from './http.ts';

/** `WWW-Authenticate`, taken apart. */
export interface Challenge {
  readonly scheme: 'basic' | 'bearer';
  readonly realm: string;
  readonly service?: string;
  readonly scope?: string;
}

const mostTokenBytes = 1024 * 1024;
const defaultLifetimeS = 60;
/** A token is renewed a little before its end. */
const marginMs = 5_000;

/** Reads the challenges of a 401; those of schemes we do not know are left out. */
export function parseChallenges(header: string | undefined): Challenge[] {
  const challenges: Challenge[] = [];
  // Parameters follow their scheme; a word without `=` begins the next challenge.
  for (const match of (header ?? '').matchAll(
    /(\w+)\s+((?:[\w-]+=(?:"[^"]*"|[^\s,]*)(?:\s*,\s*)?)+)/g,
  )) {
    const scheme = match[1]?.toLowerCase();
    if (scheme !== 'basic' && scheme !== 'bearer') continue;
    const values: Record<string, string> = {};
    for (const [, key = '', quoted, bare] of (match[2] ?? '').matchAll(
      /([\w-]+)=(?:"([^"]*)"|([^\s,]*))/g,
    )) {
      values[key.toLowerCase()] = quoted ?? bare ?? '';
    }
    const { realm = '', service, scope } = values;
    challenges.push({
      scheme,
      realm,
      ...(service === undefined ? {} : { service }),
      ...(scope === undefined ? {} : { scope }),
    });
  }
  return challenges;
}

interface Token {
  readonly value: string;
  readonly until: number;
}

/** Answers a registry's challenges: HTTP basic, or a token of the service that the challenge names, kept while it is good. */
export class Authorization {
  readonly #http: HttpClient;
  readonly #domain: string;
  readonly #credentials: () => Promise<Credentials | undefined>;
  readonly #now: () => number;
  #isProtected = false;
  readonly #tokens = new Map<string, Token>();
  #challenges: readonly Challenge[] = [];
  #found: Promise<Credentials | undefined> | undefined;

  constructor(
    http: HttpClient,
    domain: string,
    credentials: () => Promise<Credentials | undefined>,
    now: () => number,
  ) {
    this.#http = http;
    this.#domain = domain;
    this.#credentials = credentials;
    this.#now = now;
  }

  /**
   * Takes the challenges of a 401 in; what was answered before is asked for anew.
   * @param isProtected  true where they came over a connection that nobody can have changed.
   */
  challenged(header: string | undefined, scope: string, isProtected: boolean): void {
    this.#isProtected = isProtected;
    this.#challenges = parseChallenges(header);
    this.#tokens.delete(scope);
  }

  /** The header for a request of this scope; none before the registry has asked for any. */
  async header(scope: string, signal?: AbortSignal): Promise<Record<string, string>> {
    const bearer = this.#challenges.find(({ scheme }) => scheme === 'bearer');
    const basic = this.#challenges.find(({ scheme }) => scheme === 'basic');
    if (bearer === undefined && basic === undefined) return {};
    this.#found ??= this.#credentials();
    const credentials = await this.#found;
    if (credentials?.kind === 'registryToken')
      return { authorization: `Bearer ${credentials.token}` };
    if (bearer === undefined) {
      return credentials?.kind === 'password' ? { authorization: basicHeader(credentials) } : {};
    }
    const known = this.#tokens.get(scope);
    if (known !== undefined && known.until > this.#now()) {
      return { authorization: `Bearer ${known.value}` };
    }
    const token = await this.#fetchToken(bearer, scope, credentials, signal);
    this.#tokens.set(scope, token);
    return { authorization: `Bearer ${token.value}` };
  }

  async #fetchToken(
    { realm, service }: Challenge,
    scope: string,
    credentials: Credentials | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Token> {
    const url = this.#realmUrl(realm, credentials !== undefined);
    const query = new URLSearchParams(service === undefined ? {} : { service });
    for (const one of scope.split(' ').filter((text) => text !== '')) query.append('scope', one);
    signal?.throwIfAborted();
    if (credentials?.kind === 'identityToken') {
      query.set('grant_type', 'refresh_token');
      query.set('refresh_token', credentials.token);
      query.set('client_id', 'coracle');
      return this.#readToken(
        await this.#http.send({
          method: 'POST',
          url,
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: query.toString(),
        }),
      );
    }
    for (const [key, value] of query) url.searchParams.append(key, value);
    const headers =
      credentials?.kind === 'password' ? { authorization: basicHeader(credentials) } : {};
    return this.#readToken(await this.#http.send({ method: 'GET', url, headers }));
  }

  async #readToken(response: Awaited<ReturnType<HttpClient['send']>>): Promise<Token> {
    const body = await readBody(response.body, mostTokenBytes);
    if (response.status !== 200) {
      const denied = response.status === 401 || response.status === 403;
      throw new AppError(
        denied ? 'REGISTRY_UNAUTHORIZED' : 'REGISTRY_UNAVAILABLE',
        denied
          ? `registry ${this.#domain}: the user name or password is wrong`
          : `registry ${this.#domain}: its token service answers ${response.status}`,
      );
    }
    const answer = parseToken(body.toString('utf8'));
    const value = answer?.token ?? answer?.access_token;
    if (typeof value !== 'string' || value === '' || /[\r\n]/.test(value)) {
      throw new AppError(
        'REGISTRY_ANSWER_INVALID',
        `registry ${this.#domain}: its token service gives no token`,
      );
    }
    const lifetimeS = typeof answer?.expires_in === 'number' ? answer.expires_in : defaultLifetimeS;
    return { value, until: this.#now() + lifetimeS * 1000 - marginMs };
  }

  /** The password is sent there: only to a service that is reached as safely as the registry itself. */
  #realmUrl(realm: string, hasSecret: boolean): URL {
    let url: URL | undefined;
    try {
      url = new URL(realm);
    } catch {
      // Told below.
    }
    if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
      throw new AppError(
        'REGISTRY_ANSWER_INVALID',
        `registry ${this.#domain}: "${realm}" is no token service`,
      );
    }
    if (hasSecret && this.#isProtected && url.protocol !== 'https:') {
      throw new AppError(
        'REGISTRY_ANSWER_INVALID',
        `registry ${this.#domain}: its token service ${url.origin} is reached without TLS, so the password is not sent there`,
      );
    }
    return url;
  }
}

function basicHeader({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

interface TokenAnswer {
  readonly token?: unknown;
  readonly access_token?: unknown;
  readonly expires_in?: unknown;
}

function parseToken(text: string): TokenAnswer | undefined {
  try {
    return JSON.parse(text) as TokenAnswer;
  } catch {
    // Told by the caller as an answer without a token.
    return undefined;
  }
}
