import { expect } from 'chai';
import fc from 'fast-check';
import { cleanPath, toCanonical } from '../../../../../src/compose/load/canonical/canonical.ts';
import { parseMount } from '../../../../../src/compose/load/canonical/mount.ts';
import { parsePorts } from '../../../../../src/compose/load/canonical/port.ts';
import { splitShellWords } from '../../../../../src/compose/load/decode/shell-words.ts';
import { Findings } from '../../../../../src/compose/load/findings.ts';
import { cloneNode, toPlain } from '../../../../../src/compose/load/yaml/node.ts';
import { parseYaml } from '../../../../../src/compose/load/yaml/parse.ts';
import { Source } from '../../../../../src/compose/load/yaml/source.ts';

describe('parsePorts', () => {
  const table: readonly (readonly [string, readonly string[]])[] = [
    ['80', [':80/tcp']],
    ['8080:80', ['8080:80/tcp']],
    ['8080:80/udp', ['8080:80/udp']],
    ['127.0.0.1:8080:80', ['127.0.0.1 8080:80/tcp']],
    ['127.0.0.1::80', ['127.0.0.1 :80/tcp']],
    ['[::1]:8080:80', ['::1 8080:80/tcp']],
    ['3000-3001', [':3000/tcp', ':3001/tcp']],
    ['9000-9001:80-81', ['9000:80/tcp', '9001:81/tcp']],
    ['9000-9002:80', ['9000-9002:80/tcp']],
    ['9-10:9-10', ['10:10/tcp', '9:9/tcp']],
  ];
  for (const [spec, ports] of table) {
    it(`reads ${spec}`, () => {
      const shown = parsePorts(spec).ports?.map(
        ({ hostIp, published = '', target, protocol }) =>
          `${hostIp === undefined ? '' : `${hostIp} `}${published}:${target}/${protocol}`,
      );
      expect(shown).to.deep.equal(ports);
    });
  }

  for (const spec of [
    '',
    'a',
    '80:',
    '80/xyz',
    '1-3:1-2',
    '3-1',
    '70000',
    '::1:80:80',
    '1.2.3:80:80',
  ]) {
    it(`refuses ${JSON.stringify(spec)}`, () => {
      expect(parsePorts(spec).problem).to.be.a('string');
    });
  }
});

describe('parseMount', () => {
  const table: readonly (readonly [string, object])[] = [
    ['/data', { type: 'volume', target: '/data' }],
    ['vol:/data', { type: 'volume', source: 'vol', target: '/data' }],
    ['./a:/b:ro', { type: 'bind', source: './a', target: '/b', readOnly: true }],
    [
      '~/a:/b:z,rslave',
      { type: 'bind', source: '~/a', target: '/b', selinux: 'z', propagation: 'rslave' },
    ],
    ['vol:/a:nocopy', { type: 'volume', source: 'vol', target: '/a', nocopy: true }],
    ['C:\\a:/b', { type: 'bind', source: 'C:\\a', target: '/b' }],
    ['${A:-x}:/b', { type: 'volume', source: '${A:-x}', target: '/b' }],
  ];
  for (const [spec, mount] of table) {
    it(`reads ${spec}`, () => {
      expect(parseMount(spec)).to.deep.equal({ ...mount, unknownOptions: [] });
    });
  }

  for (const spec of ['', ':/a', 'aa::b', '/a:/b:/c:ro', 'vol:']) {
    it(`refuses ${JSON.stringify(spec)}`, () => {
      expect(parseMount(spec).problem).to.be.a('string');
    });
  }
});

describe('splitShellWords', () => {
  const table: readonly (readonly [string, readonly string[]])[] = [
    ['a b  c', ['a', 'b', 'c']],
    ['', []],
    ['a "b c" \'d e\'', ['a', 'b c', 'd e']],
    ['a\\ b', ['a b']],
    ['a ""', ['a', '']],
    ["a'b'c", ['abc']],
    ['"a\\"b"', ['a"b']],
    ["'a\\b'", ['a\\b']],
    ['a $(b c) d', ['a', '$(b c)', 'd']],
  ];
  for (const [line, words] of table) {
    it(`splits ${JSON.stringify(line)}`, () => {
      expect(splitShellWords(line)).to.deep.equal({ words });
    });
  }

  it('says where a shell operator cuts the command off', () => {
    expect(splitShellWords('a && b')).to.deep.equal({ words: ['a'], cutAt: 2 });
    expect(splitShellWords('a 2>x')).to.deep.equal({ words: ['a'], cutAt: 3 });
  });

  for (const line of ['a "b', "a 'b", 'a \\', 'a (b)', '`a']) {
    it(`refuses ${line}`, () => {
      expect(splitShellWords(line).problem).to.be.a('string');
    });
  }

  it('reads back words in single quotes', () => {
    const word = fc.string().filter((text) => !text.includes("'"));
    fc.assert(
      fc.property(fc.array(word), (words) => {
        const line = words.map((one) => `'${one}'`).join(' ');
        expect(splitShellWords(line)).to.deep.equal({ words });
      }),
    );
  });
});

describe('toCanonical', () => {
  it('changes nothing the second time', () => {
    const text = `services:
  a:
    build: .
    depends_on: [b]
    env_file: x.env
    ports: ["80:80", 81, {target: 82}]
    volumes: ["v:/v1", ./a:/b:ro, {type: tmpfs, target: /t}]
    networks: [n]
    devices: ["/a:/b:r"]
    secrets: [s, {source: t}]
    gpus: all
    dns: 1.1.1.1
networks: {n: {external: {name: q}}}
`;
    const [tree] = parseYaml(new Source('f', text), new Findings());
    if (tree === undefined) {
      throw new Error('does not parse');
    }
    const once = toCanonical(cloneNode(tree), new Findings(), false);
    const twice = toCanonical(cloneNode(once), new Findings(), false);
    expect(toPlain(twice)).to.deep.equal(toPlain(once));
  });
});

describe('cleanPath', () => {
  it('takes out what says nothing', () => {
    const paths = ['/a/../b//c/./', 'a/..', '../x', '/..', '', '/'];
    expect(paths.map(cleanPath)).to.deep.equal(['/b/c', '.', '../x', '/', '', '/']);
  });
});
