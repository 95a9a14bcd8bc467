import { createRequire } from 'node:module';
import { expect } from 'chai';
import { array, constantFrom, assert as holds, property } from 'fast-check';
import { IgnorePatterns, ignoreFilePatterns, PatternError } from '../../../src/core/index.ts';

// CommonJS whose types claim a default export.
const dockerignore = createRequire(import.meta.url)('@balena/dockerignore') as () => {
  add(lines: readonly string[]): { ignores(path: string): boolean };
};

describe('ignore patterns', () => {
  const cases: readonly (readonly [
    patterns: readonly string[],
    ignored: readonly string[],
    kept: readonly string[],
  ])[] = [
    [['node_modules/'], ['node_modules', 'node_modules/a/b.js'], ['packages/node_modules/a.js']],
    [['**/node_modules'], ['node_modules/a', 'x/y/node_modules/z'], ['node_modules2']],
    [['*.md', '!README.md'], ['a.md'], ['README.md', 'docs/a.md']],
    [['docs', '!docs/keep'], ['docs/a'], ['docs/keep', 'docs/keep/b']],
    [['!docs/keep', 'docs'], ['docs/keep'], []],
    [['/abs', './dot/', 'a//b'], ['abs/x', 'dot', 'a/b'], ['x/abs']],
    [
      ['a?c', '[b-d]x', '[^a]y', 'q\\*'],
      ['abc', 'cx', 'by', 'q*'],
      ['ac', 'ex', 'ay', 'qq'],
    ],
    [['**'], ['a', 'a/b'], []],
    [['a/**/b'], ['a/b', 'a/x/y/b', 'a/b/c'], ['a/xb']],
    [['*'], ['a', 'a/b'], []],
  ];
  for (const [patterns, ignored, kept] of cases) {
    it(`reads ${patterns.join(', ')}`, () => {
      const ignore = new IgnorePatterns(patterns);
      for (const path of ignored) expect(ignore.matches(path), path).to.equal(true);
      for (const path of kept) expect(ignore.matches(path), path).to.equal(false);
    });
  }

  it('skips a folder only where no exception can lie below it', () => {
    const ignore = new IgnorePatterns(['node_modules', 'docs', '!docs/api/*.md', 'x', '!**/keep']);
    expect(ignore.coversFolder('docs')).to.equal(false);
    const plain = new IgnorePatterns(['node_modules', 'docs', '!docs/api/*.md']);
    expect(plain.coversFolder('node_modules')).to.equal(true);
    expect(plain.coversFolder('docs/img')).to.equal(true);
    expect(plain.coversFolder('docs/api')).to.equal(false);
    expect(plain.coversFolder('src')).to.equal(false);
  });

  it('tells whether an included file can lie below a folder', () => {
    const include = new IgnorePatterns(['src/*.ts', 'lib/**/x']);
    for (const folder of ['', 'src', 'lib', 'lib/a/b']) {
      expect(include.reaches(folder), folder).to.equal(true);
    }
    for (const folder of ['docs', 'src/deep']) {
      expect(include.reaches(folder), folder).to.equal(false);
    }
  });

  it('refuses what is no pattern, by name', () => {
    for (const pattern of ['a[', 'a\\', '[z-a]', '!']) {
      expect(() => new IgnorePatterns([pattern]), pattern).to.throw(PatternError);
    }
  });

  it('reads a file with comments, blank lines and a byte order mark', () => {
    expect(ignoreFilePatterns('\uFEFF# c\n\n  a \r\n!b\n')).to.deep.equal(['a', '!b']);
  });

  it('agrees with another implementation on folders, stars and exceptions', () => {
    const names = constantFrom('a', 'b', 'ab', '*', '**', '?', 'a*');
    const pattern = array(names, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    const line = array(constantFrom('', '!'), { minLength: 1, maxLength: 1 }).chain(([sign]) =>
      pattern.map((text) => `${sign}${text}`),
    );
    const path = array(constantFrom('a', 'b', 'ab', 'c'), { minLength: 1, maxLength: 4 });
    holds(
      property(array(line, { minLength: 1, maxLength: 4 }), path, (lines, parts) => {
        const other = dockerignore().add([...lines]);
        const own = new IgnorePatterns(lines);
        expect(own.matches(parts.join('/'))).to.equal(other.ignores(parts.join('/')));
      }),
      { numRuns: 2000 },
    );
  });

  it('never skips a folder that holds something free', () => {
    const part = constantFrom('a', 'b', '*', '**');
    const line = array(part, { minLength: 1, maxLength: 3 }).chain((parts) =>
      constantFrom(parts.join('/'), `!${parts.join('/')}`),
    );
    const path = array(constantFrom('a', 'b', 'c'), { minLength: 2, maxLength: 4 });
    holds(
      property(array(line, { maxLength: 4 }), path, (lines, parts) => {
        const ignore = new IgnorePatterns(lines);
        if (ignore.matches(parts.join('/'))) return;
        for (let end = 1; end < parts.length; end += 1) {
          expect(ignore.coversFolder(parts.slice(0, end).join('/'))).to.equal(false);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
