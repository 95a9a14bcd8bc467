/**
 * Dockerfiles that other people wrote, with the parse that is expected of them. They are read in place; where the folder is
 * not there, the tests are skipped and say so.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { InstructionNode } from '../../../../src/build/dockerfile/ast.ts';
import { expandWord, expandWords } from '../../../../src/build/dockerfile/expand.ts';
import { parseDockerfile } from '../../../../src/build/dockerfile/parse-dockerfile.ts';
import { readInstructions } from '../../../../src/build/dockerfile/read-instructions.ts';

const corpus = fileURLToPath(new URL('../../../../../shared/corpus/dockerfile', import.meta.url));

describe('Dockerfiles of the corpus', () => {
  before(function () {
    if (existsSync(corpus)) return;
    console.log(`    skipped: no Dockerfile corpus in ${corpus}`);
    this.skip();
  });

  if (!existsSync(corpus)) {
    it('agree with the expected parse');
    return;
  }

  for (const name of readdirSync(join(corpus, 'testfiles'))) {
    it(`${name} parses as expected`, () => {
      const folder = join(corpus, 'testfiles', name);
      const { instructions } = parseDockerfile(
        readFileSync(join(folder, 'Dockerfile'), 'utf8'),
        'Dockerfile',
      );
      const expected = readFileSync(join(folder, 'result'), 'utf8').trim();
      expect(instructions.map((node) => `(${dump(node)})`).join('\n')).to.equal(expected);
    });
  }

  for (const name of readdirSync(join(corpus, 'testfiles-negative'))) {
    it(`${name} is rejected`, () => {
      const text = readFileSync(join(corpus, 'testfiles-negative', name, 'Dockerfile'), 'utf8');
      expect(() => readInstructions(parseDockerfile(text, 'Dockerfile')))
        .to.throw()
        .with.property('code', 'BUILD_DOCKERFILE_INVALID');
    });
  }

  it('testfile-line has its instructions at their lines', () => {
    const text = readFileSync(join(corpus, 'testfile-line', 'Dockerfile'), 'utf8');
    const { instructions } = parseDockerfile(text, 'Dockerfile');
    const lines = instructions.map(({ range }) => [range.start.line, range.end.line]);
    expect(lines).to.deep.equal([
      [5, 5],
      [11, 12],
      [17, 31],
    ]);
  });

  it('words are expanded as in envVarTest', () => {
    const env = new Map([
      ['PWD', '/home'],
      ['SHELL', 'bash'],
      ['KOREAN', '한국어'],
      ['NULL', ''],
      ['FOO', 'xxyy'],
      ['A', 'a'],
    ]);
    const failures: string[] = [];
    for (const [number, line] of readFileSync(join(corpus, 'envVarTest'), 'utf8')
      .split('\n')
      .entries()) {
      const text = line.replace(/^#.*|\s#.*$/, '');
      if (text.trim() === '') continue;
      const [platform = '', source = '', wanted = ''] = text.split('|').map((part) => part.trim());
      if (platform === 'W') continue;
      const found = attempt(() => expandWord(source, { env, escapeChar: '\\' }));
      if (found !== wanted) failures.push(`${number + 1}: ${source}: ${found}, not ${wanted}`);
    }
    expect(failures).to.deep.equal([]);
  });

  it('words are split as in wordsTest', () => {
    const env = new Map<string, string>();
    const failures: string[] = [];
    for (const [number, line] of readFileSync(join(corpus, 'wordsTest'), 'utf8')
      .split('\n')
      .entries()) {
      if (line.startsWith('#') || line.trim() === '') continue;
      if (line.startsWith('ENV ')) {
        const [, key = '', value = ''] = /^ENV ([^=]+)=(.*)$/.exec(line) ?? [];
        env.set(key, value);
        continue;
      }
      const [source = '', wanted = ''] = line.split('|').map((part) => part.trim());
      const found = attempt(() => expandWords(source, { env, escapeChar: '\\' }).join(','));
      if (found !== wanted && found.trim() !== wanted) {
        failures.push(`${number + 1}: ${source}: ${found}, not ${wanted}`);
      }
    }
    expect(failures).to.deep.equal([]);
  });
});

function attempt(expand: () => string): string {
  try {
    return expand();
  } catch {
    return 'error';
  }
}

/** An instruction in the notation of the expected results. */
function dump(node: InstructionNode): string {
  const flags =
    node.flags.length > 0 ? [`[${node.flags.map(({ text }) => quote(text)).join(' ')}]`] : [];
  const pairs = node.pairs.flatMap(({ key, value, separator }) => [
    key.text,
    value.text,
    separator,
  ]);
  return [
    node.name.toLowerCase(),
    ...flags,
    ...[...node.args.map(({ text }) => text), ...pairs].map(quote),
    ...(node.trigger === undefined ? [] : [`(${dump(node.trigger)})`]),
  ].join(' ');
}

/** Go's `strconv.Quote`. */
function quote(text: string): string {
  const named: Readonly<Record<string, string>> = {
    '\b': '\\b',
    '\f': '\\f',
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    '"': '\\"',
    '\\': '\\\\',
  };
  const body = Array.from(text, (char) => {
    const code = char.charCodeAt(0);
    return named[char] ?? (code < 32 ? `\\x${code.toString(16).padStart(2, '0')}` : char);
  });
  return `"${body.join('')}"`;
}
