import { errorTable } from './entry.ts';

export const registryErrorCodes = errorTable({
  REGISTRY_UNREACHABLE: {
    meaning: 'A registry could not be spoken to.',
    causes: [
      'no network',
      'a misspelled host',
      'a proxy that is not set',
      'a certificate nobody vouches for',
    ],
    hint: 'Try `curl -v https://HOST/v2/`; a registry without TLS must stand in "insecure-registries" of /etc/coracle/config.json.',
  },
  REGISTRY_UNAVAILABLE: {
    meaning: 'A registry answers with an error of its own, also after several tries.',
    causes: ['the registry is overloaded or broken'],
    hint: 'Try again later.',
  },
  REGISTRY_UNAUTHORIZED: {
    meaning: 'A registry wants to know who asks.',
    causes: ['not logged in', 'a wrong or expired password', 'a private or misspelled repository'],
    hint: 'Log in with `coracle login HOST`, and check the image name.',
    httpStatus: 401,
  },
  REGISTRY_DENIED: {
    meaning: 'A registry knows who asks and does not allow it.',
    causes: ['no right to this repository', 'a repository that does not exist'],
    hint: 'Check the image name and the rights of the account.',
    httpStatus: 403,
  },
  REGISTRY_RATE_LIMITED: {
    meaning: 'A registry has answered too many requests of this user or address.',
    causes: ['the limit of pulls without an account'],
    hint: 'Log in with `coracle login`, use a mirror ("registry-mirrors" of /etc/coracle/config.json), or wait.',
    httpStatus: 429,
  },
  REGISTRY_MANIFEST_UNKNOWN: {
    meaning: 'A registry has no image of this name and tag.',
    causes: ['a misspelled name or tag', 'an image that was removed', 'a private repository'],
    hint: 'Check the name and the tag; log in where the repository is private.',
    httpStatus: 404,
  },
  REGISTRY_CONTENT_DAMAGED: {
    meaning: 'What a registry sent does not have the digest that it must have.',
    causes: ['a broken registry, cache or proxy', 'somebody in between'],
    hint: 'Try again; nothing of it was kept.',
  },
  REGISTRY_ANSWER_INVALID: {
    meaning: 'A registry answers something that the distribution protocol does not know.',
    causes: ['no registry at this address', 'a proxy that answers in its place'],
    hint: 'Check the host with `curl -v https://HOST/v2/`.',
  },
  REGISTRY_CONFIG_INVALID: {
    meaning: 'A file or variable that says how to reach registries cannot be read.',
    causes: ['a syntax error in the named file'],
    hint: 'Correct the named file.',
  },
  REGISTRY_CREDENTIAL_HELPER_FAILED: {
    meaning: "The program that keeps a registry's credentials failed.",
    causes: ['it is not installed', 'its store is locked'],
    hint: 'Install the named program, or take credsStore and credHelpers out of ~/.docker/config.json.',
  },
});
