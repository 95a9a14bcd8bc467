import { AppError } from '../../core/index.ts';
import type { Digest } from '../digest.ts';
import { formatFamiliar, parseReference, withDefaultTag } from '../reference.ts';
import { manifestTypes } from './choose-manifest.ts';
import type { RegistryOptions } from './pull-image.ts';
import { RegistryClient } from './registry-client.ts';
import { readRegistrySettings } from './registry-settings.ts';

/** How to reach a registry that is only asked. */
export type AskOptions = Pick<
  RegistryOptions,
  'env' | 'insecure' | 'credentials' | 'signal' | 'now'
>;

/**
 * The digest that a name stands for at its registry right now.
 * @throws {AppError} `REGISTRY_…`
 */
export async function remoteDigest(name: string, options: AskOptions): Promise<Digest> {
  const reference = withDefaultTag(parseReference(name));
  const client = clientFor(reference.domain, options);
  try {
    const what = reference.digest ?? reference.tag ?? 'latest';
    const found = await client.manifest(reference.repository, what, manifestTypes);
    if (found !== undefined) return found.digest;
    throw new AppError(
      'REGISTRY_MANIFEST_UNKNOWN',
      `registry ${client.domain} has no image ${formatFamiliar(reference)}`,
    );
  } finally {
    client.close();
  }
}

/** Asks a registry whether it takes the credentials. @throws {AppError} `REGISTRY_UNAUTHORIZED`, … */
export async function checkLogin(domain: string, options: AskOptions): Promise<void> {
  const client = clientFor(domain, options);
  try {
    await client.ping();
  } finally {
    client.close();
  }
}

/** A client for the registry of a domain; the caller closes it. */
export function clientFor(domain: string, options: AskOptions): RegistryClient {
  return new RegistryClient({
    ...options,
    domain,
    settings: readRegistrySettings(options.env, options.insecure),
  });
}
