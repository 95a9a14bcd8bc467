/**
 * Image names as Docker reads them: `mysql:8.0` is `docker.io/library/mysql:8.0`, and is shown as
 * `mysql:8.0` again.
 *
 * @see grammar of github.com/distribution/reference, rules of its `ParseNormalizedNamed`
 */
import { AppError } from '../core/index.ts';
import { isDigest } from './digest.ts';

/** A name taken apart. `domain` and `repository` are always there, never abbreviated. */
export interface ImageReference {
  /** Registry host with its port: `docker.io`, `localhost:5000`, `[::1]:5000`. */
  readonly domain: string;
  /** Path below the registry: `library/mysql`. */
  readonly repository: string;
  readonly tag?: string;
  /** `sha256:…`; wins over the tag where both are given. */
  readonly digest?: string;
}

const defaultDomain = 'docker.io';
const officialFolder = 'library/';

const domainComponent = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domainPattern = new RegExp(
  `^(?:${domainComponent}(?:\\.${domainComponent})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`,
);
const pathComponent = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const repositoryPattern = new RegExp(`^${pathComponent}(?:/${pathComponent})*$`);
const tagPattern = /^\w[\w.-]{0,127}$/;
const longestRepository = 255;

/**
 * Reads an image name.
 * @throws {AppError} `IMAGE_REFERENCE_INVALID`
 */
export function parseReference(text: string): ImageReference {
  if (text === '') throw invalid(text, 'it is empty');
  if (/^[0-9a-f]{64}$/.test(text)) throw invalid(text, '64 hex digits are an id, not a name');
  let rest = text;
  let digest: string | undefined;
  const at = rest.indexOf('@');
  if (at >= 0) {
    digest = rest.slice(at + 1);
    rest = rest.slice(0, at);
    if (!isDigest(digest)) throw invalid(text, `"${digest}" is no sha256 digest`);
  }
  let tag: string | undefined;
  const colon = rest.lastIndexOf(':');
  // A colon before the last slash is a port's.
  if (colon > rest.lastIndexOf('/')) {
    tag = rest.slice(colon + 1);
    rest = rest.slice(0, colon);
    if (!tagPattern.test(tag)) {
      throw invalid(text, tag === '' ? 'the tag is empty' : `"${tag}" is no tag`);
    }
  }
  const { domain, repository } = splitDomain(rest);
  if (!domainPattern.test(domain)) throw invalid(text, `"${domain}" is no registry`);
  if (!repositoryPattern.test(repository)) {
    throw invalid(
      text,
      repository === repository.toLowerCase()
        ? `"${repository}" is no repository`
        : `the repository "${repository}" must be lower case`,
    );
  }
  if (repository.length > longestRepository) {
    throw invalid(text, `the repository is longer than ${longestRepository} characters`);
  }
  return {
    domain,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The same with the tag `latest` where neither tag nor digest was given. */
export function withDefaultTag(reference: ImageReference): ImageReference {
  if (reference.tag !== undefined || reference.digest !== undefined) return reference;
  return { ...reference, tag: 'latest' };
}

/** Fully qualified: `docker.io/library/mysql:8.0`. */
export function formatReference(reference: ImageReference): string {
  return `${reference.domain}/${reference.repository}${suffix(reference)}`;
}

/** As people write it: `mysql:8.0`. {@link parseReference} reads it back to the same reference. */
export function formatFamiliar(reference: ImageReference): string {
  return `${familiarRepository(reference)}${suffix(reference)}`;
}

/** The name alone, as `docker images` lists it: `mysql`, `ghcr.io/acme/web`. */
export function familiarRepository(reference: ImageReference): string {
  const { domain, repository } = reference;
  if (domain !== defaultDomain) return `${domain}/${repository}`;
  const short = repository.startsWith(officialFolder)
    ? repository.slice(officialFolder.length)
    : repository;
  if (short !== repository && !short.includes('/')) return short;
  // `docker.io/a.b/c` without its registry would be read as repository `c` on host `a.b`.
  return hostBefore(repository) === undefined ? repository : `${domain}/${repository}`;
}

function suffix({ tag, digest }: ImageReference): string {
  return `${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** What stands before the first slash is a registry if it looks like a host, and not like a folder. */
function splitDomain(name: string): { domain: string; repository: string } {
  const host = hostBefore(name);
  let domain = host ?? defaultDomain;
  let repository = host === undefined ? name : name.slice(host.length + 1);
  if (domain === 'index.docker.io') domain = defaultDomain;
  if (domain === defaultDomain && !repository.includes('/')) {
    repository = `${officialFolder}${repository}`;
  }
  return { domain, repository };
}

function hostBefore(name: string): string | undefined {
  const slash = name.indexOf('/');
  if (slash < 0) return undefined;
  const first = name.slice(0, slash);
  const isHost = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  return isHost ? first : undefined;
}

function invalid(text: string, why: string): AppError {
  return new AppError('IMAGE_REFERENCE_INVALID', `image name "${text}": ${why}`, {
    details: { reference: text },
  });
}
