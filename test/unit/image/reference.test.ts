import { expect } from 'chai';
import fc from 'fast-check';
import { isAppError } from '../../../src/core/index.ts';
import {
  formatFamiliar,
  formatReference,
  type ImageReference,
  parseReference,
  withDefaultTag,
} from '../../../src/image/index.ts';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;

/** Name → fully qualified → familiar; as `docker pull` and `docker images` have them. */
const normalised = [
  ['mysql', 'docker.io/library/mysql', 'mysql'],
  ['mysql:8.0', 'docker.io/library/mysql:8.0', 'mysql:8.0'],
  ['library/mysql', 'docker.io/library/mysql', 'mysql'],
  ['docker.io/mysql', 'docker.io/library/mysql', 'mysql'],
  ['index.docker.io/library/mysql:8', 'docker.io/library/mysql:8', 'mysql:8'],
  ['acme/web', 'docker.io/acme/web', 'acme/web'],
  ['docker.io/library/a/b', 'docker.io/library/a/b', 'library/a/b'],
  ['localhost/web', 'localhost/web', 'localhost/web'],
  ['localhost:5000/web:1', 'localhost:5000/web:1', 'localhost:5000/web:1'],
  ['ghcr.io/acme/web', 'ghcr.io/acme/web', 'ghcr.io/acme/web'],
  ['Registry/web', 'Registry/web', 'Registry/web'],
  ['[::1]:5000/web', '[::1]:5000/web', '[::1]:5000/web'],
  ['a__b/c-d.e', 'docker.io/a__b/c-d.e', 'a__b/c-d.e'],
  [`mysql:8@${digest}`, `docker.io/library/mysql:8@${digest}`, `mysql:8@${digest}`],
] as const;

const refused = [
  '',
  ':8',
  'mysql:',
  'MySQL',
  'acme/Web',
  'mysql:8.0 ',
  'a//b',
  '/a',
  'a/',
  '-a',
  'a..b',
  'a___b',
  'mysql:.8',
  `mysql:${'t'.repeat(129)}`,
  'mysql@sha256:12',
  `mysql@${digest.toUpperCase()}`,
  `mysql@${digest}@${digest}`,
  'reg_istry.io:5000/web',
  'host:port/web',
  'a'.repeat(256),
  'f'.repeat(64),
];

describe('image references', () => {
  for (const [text, full, familiar] of normalised) {
    it(`reads ${text} as ${full}`, () => {
      const reference = parseReference(text);
      expect(formatReference(reference)).to.equal(full);
      expect(formatFamiliar(reference)).to.equal(familiar);
    });
  }

  for (const text of refused) {
    it(`refuses "${text.slice(0, 40)}"`, () => {
      expect(() => parseReference(text))
        .to.throw()
        .that.satisfies((error: unknown) => isAppError(error, 'IMAGE_REFERENCE_INVALID'));
    });
  }

  it('adds the tag latest only where nothing else says which image', () => {
    expect(withDefaultTag(parseReference('web')).tag).to.equal('latest');
    expect(withDefaultTag(parseReference(`web@${digest}`)).tag).to.equal(undefined);
  });

  const component = fc.stringMatching(/^[a-z0-9]{1,5}((\.|_|__|-{1,3})[a-z0-9]{1,3}){0,2}$/);
  const domain = fc.oneof(
    fc.constantFrom('docker.io', 'localhost', '[fe80::1]:443'),
    fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,4}[a-z0-9])?(\.[a-zA-Z0-9]{1,4}){1,2}(:[0-9]{1,5})?$/),
  );
  const reference: fc.Arbitrary<ImageReference> = fc
    .record(
      {
        domain: domain.filter((text) => text !== 'index.docker.io'),
        path: fc.array(component, { minLength: 1, maxLength: 4 }),
        tag: fc.stringMatching(/^\w[\w.-]{0,20}$/),
        digest: fc.stringMatching(/^sha256:[0-9a-f]{64}$/),
      },
      { requiredKeys: ['domain', 'path'] },
    )
    .map(({ domain: host, path, ...rest }) => ({
      domain: host,
      repository: (host === 'docker.io' && path.length === 1 ? ['library', ...path] : path).join(
        '/',
      ),
      ...rest,
    }));

  it('reads back what it writes, in full and in short', () => {
    fc.assert(
      fc.property(reference, (written) => {
        expect(parseReference(formatReference(written))).to.deep.equal(written);
        const familiar = formatFamiliar(written);
        // A repository of 64 hex digits has no short form that is not an id.
        fc.pre(!/^[0-9a-f]{64}$/.test(familiar));
        expect(parseReference(familiar)).to.deep.equal(written);
      }),
      { numRuns: 2000 },
    );
  });

  it('answers any text with a reference or an IMAGE_REFERENCE_INVALID', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'aB0.:/@-_[] ') }), (text) => {
        try {
          const read = parseReference(text);
          expect(parseReference(formatReference(read))).to.deep.equal(read);
        } catch (error) {
          expect(isAppError(error, 'IMAGE_REFERENCE_INVALID')).to.equal(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
