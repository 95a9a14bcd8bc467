/** An authority of the test's own, and certificates by it; made by openssl. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

export interface KeyPair {
  /** PEM files. */
  readonly certificate: string;
  readonly key: string;
}

const common = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2'.split(' ');

/** @param issuer  left out: it vouches for itself, as an authority does. */
export function makeCertificate(
  folder: string,
  name: string,
  { subjects = [], issuer }: { readonly subjects?: readonly string[]; readonly issuer?: KeyPair },
): KeyPair {
  mkdirSync(folder, { recursive: true });
  const made = { certificate: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  const by =
    issuer === undefined
      ? ['-addext', 'basicConstraints=critical,CA:TRUE']
      : ['-CA', issuer.certificate, '-CAkey', issuer.key];
  const extensions = issuer === undefined ? [] : ['-addext', 'basicConstraints=critical,CA:FALSE'];
  const names = subjects.length === 0 ? [] : ['-addext', `subjectAltName=${subjects.join(',')}`];
  execFileSync(
    'openssl',
    [
      ...['req', ...common, '-subj', `/CN=${name}`, '-keyout', made.key, '-out', made.certificate],
      ...[...by, ...extensions, ...names],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  return made;
}
