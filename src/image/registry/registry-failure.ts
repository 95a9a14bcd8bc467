import { AppError } from '../../core/index.ts';
import type { HttpResponse } from './http.ts';
import type { RegistryRequest } from './registry-client.ts';

/** The error document of the distribution protocol. */
interface ErrorDocument {
  readonly errors?: readonly { readonly code?: string; readonly message?: string }[];
}

/** What a registry's refusal means for the user. */
export function registryFailure(
  domain: string,
  { scope }: Pick<RegistryRequest, 'scope'>,
  { status, headers }: Pick<HttpResponse, 'status' | 'headers'>,
  body: string,
): AppError {
  const retryAfter = headers['retry-after'];
  const details = { status, ...(retryAfter === undefined ? {} : { retryAfter }) };
  const said = reasonOf(body);
  const repository = /^repository:(.+):/.exec(scope)?.[1];
  const what = repository === undefined ? '' : ` to ${repository}`;
  const tail = said === '' ? '' : `: ${said}`;
  if (status === 401) {
    return new AppError(
      'REGISTRY_UNAUTHORIZED',
      `registry ${domain} wants a login for access${what}${tail}`,
      { details, hint: `Log in: coracle login${domain === 'docker.io' ? '' : ` ${domain}`}` },
    );
  }
  if (status === 403) {
    return new AppError('REGISTRY_DENIED', `registry ${domain} denies access${what}${tail}`, {
      details,
    });
  }
  if (status === 429) {
    return new AppError(
      'REGISTRY_RATE_LIMITED',
      `registry ${domain} asks for fewer requests${tail}`,
      { details },
    );
  }
  return new AppError(
    'REGISTRY_UNAVAILABLE',
    `registry ${domain} answers ${status}${what}${tail}`,
    {
      details,
    },
  );
}

/** A registry's words, on one line and not too long; they are not to be trusted with a terminal. */
function reasonOf(body: string): string {
  let document: ErrorDocument;
  try {
    document = JSON.parse(body) as ErrorDocument;
  } catch {
    // A proxy's page: nothing that helps.
    return '';
  }
  const first = Array.isArray(document?.errors) ? document.errors[0] : undefined;
  const text = first?.message || first?.code || '';
  return String(text)
    .replace(/\p{Cc}+/gu, ' ')
    .slice(0, 200);
}
