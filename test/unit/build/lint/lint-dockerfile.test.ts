import { expect } from 'chai';
import { lintDockerfile } from '../../../../src/build/lint/lint-dockerfile.ts';

const roots = { data: '/nonexistent/coracle-lint', run: '/nonexistent/coracle-lint' };

function lint(...lines: string[]): string[] {
  const { warnings } = lintDockerfile(
    {
      context: { kind: 'folder', path: '/' },
      dockerfile: { kind: 'inline', text: `${lines.join('\n')}\n`, name: 'Dockerfile' },
    },
    roots,
  );
  return warnings.map(({ rule, range }) => `${range.start.line} ${rule}`);
}

describe('the lint of a Dockerfile', () => {
  it('finds what docker build --check finds in the same file', () => {
    expect(
      lint(
        'ARG VER',
        'FROM scratch as One',
        'maintainer me',
        'ENV old style',
        'LABEL x y',
        'WORKDIR rel',
        'RUN echo $UNDEF > /x',
        'CMD echo hi',
        'CMD echo two',
        'ENTRYPOINT foo',
        'ENV API_KEY=abc PUBLIC_KEY=1 KEYS=1',
        'ARG PASSWORD',
        'RUN echo a \\',
        '',
        '  b',
        'FROM --platform=linux/amd64 scratch AS one',
        'FROM --platform=$TARGETPLATFORM debian:${VER:-bookworm-slim} AS two',
        'EXPOSE 80/TCP 127.0.0.1:80:80',
        'COPY Dockerfile $UNDEFD/',
        'WORKDIR sub',
        'FROM scratch',
        'COPY a $UNDEFD/${ALSO:-}/\\$NOT',
        'SHELL ["/bin/sh","-c"]',
        'CMD foo',
        'HEALTHCHECK CMD a',
        'HEALTHCHECK CMD b',
      ).sort(),
    ).to.deep.equal(
      [
        '2 StageNameCasing',
        '2 FromAsCasing',
        '3 MaintainerDeprecated',
        '3 ConsistentInstructionCasing',
        '4 LegacyKeyValueFormat',
        '5 LegacyKeyValueFormat',
        '6 WorkdirRelativePath',
        '8 MultipleInstructionsDisallowed',
        '8 JSONArgsRecommended',
        '9 JSONArgsRecommended',
        '10 JSONArgsRecommended',
        '11 SecretsUsedInArgOrEnv',
        '12 SecretsUsedInArgOrEnv',
        '15 NoEmptyContinuation',
        '16 DuplicateStageName',
        '16 FromPlatformFlagConstDisallowed',
        '17 RedundantTargetPlatform',
        '18 ExposeInvalidFormat',
        '18 ExposeProtoCasing',
        // Nothing is said of $UNDEFD above: the image, which may have it, is not here.
        '20 WorkdirRelativePath',
        '22 UndefinedVar',
        '22 UndefinedVar',
        '25 MultipleInstructionsDisallowed',
      ].sort(),
    );
  });

  it('finds nothing in a file that is as it should be, whatever its case', () => {
    const clean = ['arg V=1', 'from scratch as a', 'workdir /app', 'copy x .', 'cmd ["/x"]'];
    expect(lint(...clean)).to.deep.equal([]);
    expect(lint('FROM scratch AS a', 'ARG X', 'FROM a', 'COPY $X /', 'WORKDIR rel')).to.deep.equal(
      [],
    );
  });

  it('names arguments that FROM lacks', () => {
    expect(() => lint('FROM $NOPE')).to.not.throw();
    expect(lint('FROM $NOPE')).to.deep.equal(['1 UndefinedArgInFrom']);
    expect(lint('ARG BASE', 'FROM $BASE')).to.deep.equal(['2 InvalidDefaultArgInFrom']);
  });

  it('heeds the check directive', () => {
    const bad = ['FROM scratch as x', 'CMD y'];
    expect(lint('# check=skip=FromAsCasing,JSONArgsRecommended', ...bad)).to.deep.equal([]);
    expect(lint('# check=skip=all', ...bad)).to.deep.equal([]);
    expect(() => lint('# check=error=true', ...bad)).to.throw(
      'lint violation found for rules: FromAsCasing, JSONArgsRecommended',
    );
  });
});
