import { expect } from 'chai';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { Findings } from '../../../../../src/compose/load/findings.ts';
import { parseWithLibrary } from '../../../../../src/compose/load/yaml/library-parser.ts';
import type { Node } from '../../../../../src/compose/load/yaml/node.ts';
import { parsePlainYaml } from '../../../../../src/compose/load/yaml/plain-parser.ts';
import { Source } from '../../../../../src/compose/load/yaml/source.ts';

/** Values and places of a tree; empty values have no place that both parsers agree on. */
function show(node: Node): unknown {
  switch (node.kind) {
    case 'scalar':
      return [node.value, node.float === true, node.value === null ? '' : node.start];
    case 'seq':
      return [node.start, node.items.map(show)];
    case 'map':
      return [...node.entries].map(([key, { key: place, value }]) => [
        key,
        place.start,
        show(value),
      ]);
  }
}

function compare(text: string): 'same' | 'left to the library' {
  const source = new Source('f', text);
  const plain = parsePlainYaml(source, new Findings());
  if (plain === undefined) {
    return 'left to the library';
  }
  const findings = new Findings();
  expect(plain.map(show), text).to.deep.equal(parseWithLibrary(source, findings).map(show));
  expect(
    findings.sorted().filter(({ code }) => code === 'COMPOSE_YAML_SYNTAX'),
    text,
  ).to.deep.equal([]);
  return 'same';
}

describe('parsePlainYaml', () => {
  const plain = [
    'a: b',
    'a:\n  b: c\n  d:\n    - e\n    - f: g\n      h: i\n',
    'a:\n- b\n- c\nd: e',
    'a: # c\n  b: 1 # d\n# e\n  c: 2',
    'a: "x: y # z"\nb: \'it\'\'s\'\n"c d": e',
    'a: [1, "b", {c: d, e: [f]}, g h]\nb: {}\nc: []',
    'a: {b: 1,\n    c: 2}\nd: 1',
    'a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n  e: &y f\n  g: [*y]',
    'a: |\n  b\n    c\n\n  d\ne: |-\n  f\n\ng: 1',
    'a: |\n  cut off',
    'a:\nb:\n  - \n  - c',
    'a: http://x:1/y?z=1#q',
    '- a\n- - b\n  - c\n- d: e',
    '',
    '# nothing\n',
  ];
  for (const text of plain) {
    it(`reads ${JSON.stringify(text)} as the library does`, () => {
      expect(compare(text)).to.equal('same');
    });
  }

  const notPlain = [
    'a: b: c',
    'a: b\n  c',
    'a: >\n  b',
    'a: !x b',
    '---\na: b',
    'a: b\n\tc: d',
    'a: "b\n  c"',
    'a: "\\x41"',
    'a: {b, c: [d: e]}',
    '? a\n: b',
    'a: [b\n]',
    'a: 1\n b: 2',
    'a: @b',
    'a: |2\n    b',
  ];
  for (const text of notPlain) {
    it(`leaves ${JSON.stringify(text)} to the library`, () => {
      expect(compare(text)).to.equal('left to the library');
    });
  }

  it('reads whatever it reads as the library does', () => {
    const leaf = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom('yes', '0644', '1_000', '~', 'a: b', '- x', '#', 'x # y', "it's", '[a', '*a'),
    );
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), tie('tree'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(tree, fc.boolean(), (value, flow) => {
        compare(stringify(value, flow ? { collectionStyle: 'flow' } : {}));
      }),
      { numRuns: 300 },
    );
  });

  it('never reads a text that the library refuses', () => {
    const piece = fc.constantFrom(
      ...[
        'a',
        'b',
        ': ',
        ':',
        '\n',
        '\n  ',
        '\n    ',
        '- ',
        '"',
        "'",
        '[',
        ']',
        '{',
        '}',
        ', ',
        '#',
        ' #',
        '&x ',
        '*x',
        '|\n',
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        compare(pieces.join(''));
      }),
      { numRuns: 1500 },
    );
  });
});
