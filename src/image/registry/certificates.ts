import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { AppError } from '../../core/index.ts';
import { isErrno } from '../../state/index.ts';
import type { RegistryEnv, RegistrySettings } from './registry-settings.ts';

/** Where distributions keep the authorities that their users trust, as Go looks for them. */
const systemBundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/**
 * What TLS with a host takes: the machine's authorities (`SSL_CERT_FILE` in place of them), which Node by itself does not
 * read, and the host's own out of `certs.d/HOST/ca.crt`; `client.cert` and `client.key` beside it say who we are.
 * @throws {AppError} `REGISTRY_CONFIG_INVALID`
 */
export function tlsContext(
  { certificateFolders }: RegistrySettings,
  env: RegistryEnv,
  host: string,
): SecureContext {
  const folder = certificateFolders
    .map((path) => join(path, host))
    .find((path) => read(path, 'ca.crt') ?? read(path, 'client.cert'));
  const own = (name: string) => (folder === undefined ? undefined : read(folder, name));
  const [ca, cert, key] = [own('ca.crt'), own('client.cert'), own('client.key')];
  if (cert !== undefined && key === undefined) {
    throw invalid(join(folder ?? '', 'client.key'), 'client.cert is there without its key');
  }
  try {
    return createSecureContext({
      ca: [...authorities(env), ...(ca === undefined ? [] : [ca])],
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
    });
  } catch (cause) {
    throw invalid(folder ?? 'authorities', (cause as Error).message, cause);
  }
}

function authorities(env: RegistryEnv): readonly (string | Buffer)[] {
  for (const path of env.SSL_CERT_FILE ? [env.SSL_CERT_FILE] : systemBundles) {
    const bundle = read(path);
    if (bundle !== undefined) return [bundle];
  }
  return rootCertificates;
}

function read(...path: readonly string[]): Buffer | undefined {
  const file = join(...path);
  try {
    return readFileSync(file);
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return undefined;
    throw invalid(file, String(error), error);
  }
}

function invalid(path: string, why: string, cause?: unknown): AppError {
  return new AppError('REGISTRY_CONFIG_INVALID', `${path}: ${why}`, { cause });
}
