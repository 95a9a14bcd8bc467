import { expect } from 'chai';
import fc from 'fast-check';
import {
  expandTemplate,
  variablesOf,
} from '../../../../../src/compose/load/interpolate/template.ts';

const values: Readonly<Record<string, string>> = { A: 'a', EMPTY: '', under_score: 'u' };

function expand(text: string): string {
  const { text: result, failure } = expandTemplate(text, (name) => values[name]);
  return failure === undefined
    ? result
    : `${failure.kind} ${failure.variable ?? ''}@${failure.offset}`;
}

/** Writes `{NAME}` for `${NAME}`, which linters take for a mistake in a plain string. */
function braced(text: string): string {
  return text.replaceAll('#{', '${');
}

describe('expandTemplate', () => {
  const table: readonly (readonly [string, string])[] = [
    ['plain', 'plain'],
    ['$A', 'a'],
    ['$A.b', 'a.b'],
    ['x#{A}y', 'xay'],
    ['#{under_score}', 'u'],
    ['$NONE', ''],
    ['#{A:-d}', 'a'],
    ['#{NONE:-d}', 'd'],
    ['#{NONE-d}', 'd'],
    ['#{EMPTY:-d}', 'd'],
    ['#{EMPTY-d}', ''],
    ['#{A:+alt}', 'alt'],
    ['#{EMPTY:+alt}', ''],
    ['#{EMPTY+alt}', 'alt'],
    ['#{NONE+alt}', ''],
    ['#{NONE:-}', ''],
    ['#{NONE:-a b c}', 'a b c'],
    ['#{NONE:-#{A}}', 'a'],
    ['#{NONE:-#{NO2:-deep}}x', 'deepx'],
    ['#{NONE:-$A}#{A}', 'aa'],
    ['#{A:-x} #{NONE:-y}', 'a y'],
    ['#{NONE:-{}}', '{}'],
    ['#{NONE:-a-b}', 'a-b'],
    ['#{NONE:-http://x:1/}', 'http://x:1/'],
    ['$$A', '$A'],
    ['$$$A', '$a'],
    ['#{NONE:-$$}', '$'],
    ['$', '$'],
    ['$1', '$1'],
    ['$(date)', '$(date)'],
    ['a$', 'a$'],
    ['#{A:?no}', 'a'],
    ['#{NONE:?}', 'required NONE@0'],
    ['x #{NONE?why}', 'required NONE@2'],
    ['#{EMPTY:?why}', 'required EMPTY@0'],
    ['#{EMPTY?why}', ''],
    ['#{', 'invalid @0'],
    ['#{}', 'invalid @0'],
    ['#{1A}', 'invalid @0'],
    ['#{A', 'invalid @0'],
    ['#{A:}', 'invalid @0'],
    ['#{A!}', 'invalid @0'],
    ['ab #{A:-x\n}', 'invalid @3'],
  ];
  for (const [template, result] of table) {
    it(`turns ${JSON.stringify(braced(template))} into ${JSON.stringify(result)}`, () => {
      expect(expand(braced(template))).to.equal(result);
    });
  }

  it('does not look at a default that is not used', () => {
    const unset: string[] = [];
    expandTemplate(
      braced('#{A:-#{NONE}}'),
      (name) => values[name],
      (name) => unset.push(name),
    );
    expect(unset).to.deep.equal([]);
  });

  it('leaves every text alone whose dollar signs are doubled', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const escaped = text.replaceAll('$', '$$$$');
        expect(expandTemplate(escaped, () => undefined).text).to.equal(text);
      }),
    );
  });

  it('ends for any input', () => {
    const piece = fc.constantFrom('$', '{', '}', 'A', ':-', '?', '+', ' ', '\n', '$$');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const { text, failure } = expandTemplate(pieces.join(''), () => 'v');
        expect(text !== undefined || failure !== undefined).to.equal(true);
      }),
    );
  });

  it('refuses variables nested beyond all reason', () => {
    const deep = `${'${N:-'.repeat(10_000)}x${'}'.repeat(10_000)}`;
    expect(expandTemplate(deep, () => undefined).failure?.kind).to.equal('invalid');
  });
});

describe('variablesOf', () => {
  it('lists nested variables with their operators', () => {
    const uses = variablesOf(braced('$A-#{B:-#{C:?no}}'));
    expect(uses.map(({ name, operator }) => `${name}${operator ?? ''}`)).to.deep.equal([
      'A',
      'B:-',
      'C:?',
    ]);
  });
});
