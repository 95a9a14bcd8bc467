import { mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { AppError } from '../../core/index.ts';
import { isErrno, writeFileAtomic } from '../../state/index.ts';
import { runCredentialHelper } from './credential-helper.ts';
import type { RegistryEnv } from './registry-settings.ts';

/** Who the user is at a registry. */
export type Credentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** To be exchanged for an access token by OAuth 2. */
  | { readonly kind: 'identityToken'; readonly token: string }
  /** Sent as it is. */
  | { readonly kind: 'registryToken'; readonly token: string };

interface AuthEntry {
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

/** Docker's `config.json`, as far as we read it; the rest is kept when we write. */
interface DockerConfig {
  readonly auths?: Readonly<Record<string, AuthEntry>>;
  readonly credsStore?: string;
  readonly credHelpers?: Readonly<Record<string, string>>;
}

/** Docker Hub's key in `auths`, older than the registry protocol itself. */
const hubKey = 'https://index.docker.io/v1/';

/** The key under which a registry's credentials are kept. */
export function credentialKey(domain: string): string {
  return domain === 'docker.io' ? hubKey : domain;
}

/**
 * Looks a registry up in Docker's own configuration: `credHelpers`, then `credsStore`, then `auths`.
 * @throws {AppError} `REGISTRY_CONFIG_INVALID`, `REGISTRY_CREDENTIAL_HELPER_FAILED`
 */
export async function findCredentials(
  domain: string,
  env: RegistryEnv,
): Promise<Credentials | undefined> {
  const config = readDockerConfig(env);
  const key = credentialKey(domain);
  const helper = config.credHelpers?.[key] ?? config.credHelpers?.[domain] ?? config.credsStore;
  if (helper !== undefined && helper !== '') {
    const found = await runCredentialHelper(helper, 'get', key);
    if (found !== undefined) {
      const { Username, Secret } = JSON.parse(found) as { Username: string; Secret: string };
      return Username === '<token>'
        ? { kind: 'identityToken', token: Secret }
        : { kind: 'password', username: Username, password: Secret };
    }
  }
  const entry = Object.entries(config.auths ?? {}).find(
    ([name]) => name === key || hostOf(name) === hostOf(key),
  )?.[1];
  return entry === undefined ? undefined : fromEntry(entry);
}

function fromEntry(entry: AuthEntry): Credentials | undefined {
  if (entry.identitytoken) return { kind: 'identityToken', token: entry.identitytoken };
  if (entry.registrytoken) return { kind: 'registryToken', token: entry.registrytoken };
  if (entry.auth) {
    const text = Buffer.from(entry.auth, 'base64').toString('utf8');
    const at = text.indexOf(':');
    // Old versions of Docker padded it with zeros.
    const password = text.slice(at + 1).replace(/\0+$/, '');
    if (at > 0) return { kind: 'password', username: text.slice(0, at), password };
  }
  if (!entry.username) return undefined;
  return { kind: 'password', username: entry.username, password: entry.password ?? '' };
}

/** What was logged in to is kept as `https://host/v1/` by old versions. */
function hostOf(key: string): string {
  return key.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
}

/**
 * Keeps credentials where Docker would: in the helper that the configuration names, else in `auths`.
 * @returns true where they stand unencrypted in the file.
 */
export async function storeCredentials(
  domain: string,
  { username, password }: { readonly username: string; readonly password: string },
  env: RegistryEnv,
): Promise<boolean> {
  const config = readDockerConfig(env);
  const key = credentialKey(domain);
  const helper = config.credHelpers?.[key] ?? config.credsStore;
  if (helper !== undefined && helper !== '') {
    const secret = { ServerURL: key, Username: username, Secret: password };
    await runCredentialHelper(helper, 'store', JSON.stringify(secret));
    writeDockerConfig(env, { ...config, auths: { ...config.auths, [key]: {} } });
    return false;
  }
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  writeDockerConfig(env, { ...config, auths: { ...config.auths, [key]: { auth } } });
  return true;
}

/** @returns false where there was nothing to remove. */
export async function removeCredentials(domain: string, env: RegistryEnv): Promise<boolean> {
  const config = readDockerConfig(env);
  const key = credentialKey(domain);
  const helper = config.credHelpers?.[key] ?? config.credsStore;
  if (helper !== undefined && helper !== '') await runCredentialHelper(helper, 'erase', key);
  const { [key]: found, ...auths } = config.auths ?? {};
  if (found === undefined) return false;
  writeDockerConfig(env, { ...config, auths });
  return true;
}

/** `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`. */
export function dockerConfigPath(env: RegistryEnv): string {
  return join(env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker'), 'config.json');
}

function readDockerConfig(env: RegistryEnv): DockerConfig {
  const path = dockerConfigPath(env);
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as DockerConfig;
  } catch (cause) {
    if (isErrno(cause, 'ENOENT')) return {};
    throw new AppError('REGISTRY_CONFIG_INVALID', `${path} cannot be read`, { cause });
  }
}

function writeDockerConfig(env: RegistryEnv, config: DockerConfig): void {
  const path = dockerConfigPath(env);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileAtomic(followLink(path), `${JSON.stringify(config, undefined, '\t')}\n`, 0o600);
}

/** A configuration that lies elsewhere, as people keep theirs under version control, stays a link. */
function followLink(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return path;
    throw error;
  }
}
