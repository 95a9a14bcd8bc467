import { expect } from 'chai';
import fc from 'fast-check';
import {
  type DotenvVariable,
  parseDotenv,
} from '../../../../../src/compose/load/dotenv/parse-dotenv.ts';
import { Findings } from '../../../../../src/compose/load/findings.ts';
import { Source } from '../../../../../src/compose/load/yaml/source.ts';

function parse(text: string, env: Readonly<Record<string, string>> = {}) {
  const variables = new Map<string, DotenvVariable>();
  const findings = new Findings();
  parseDotenv(new Source('.env', text), variables, (name) => env[name], findings);
  return {
    values: Object.fromEntries([...variables].map(([name, { value }]) => [name, value])),
    findings: findings.sorted(),
    variables,
  };
}

describe('parseDotenv', () => {
  const table: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
    ['plain values', 'A=1\nB=two words\n', { A: '1', B: 'two words' }],
    ['a colon', 'A: 1', { A: '1' }],
    ['export', 'export A=1\nexport\tB=2', { A: '1', B: '2' }],
    ['white space around', '  A =  1  ', { A: '1' }],
    ['empty values', 'A=\nB=""', { A: '', B: '' }],
    ['comments', '# c\nA=1 # c\nB=2#no\n  # c\nC="3" # c', { A: '1', B: '2#no', C: '3' }],
    ['single quotes', 'A=\'$B \\n "x"\'', { A: '$B \\n "x"' }],
    ['escapes', 'A="a\\nb\\tc\\\\d\\"e\\$f"', { A: 'a\nb\tc\\d"e$f' }],
    ['octal escapes', 'A="\\0101"', { A: 'A' }],
    ['unknown escapes', 'A="\\d"', { A: '\\d' }],
    ['several lines', 'A="x\ny"\nB=1', { A: 'x\ny', B: '1' }],
    ['expansion', 'A=1\nB=$A\nC="x${A}y"\nD=${NO:-d}', { A: '1', B: '1', C: 'x1y', D: 'd' }],
    ['the environment first', 'H=file\nB=$H', { H: 'file', B: 'env' }],
    ['names from the environment', 'H\nNONE\n', { H: 'env' }],
    ['dots and brackets in names', 'a.b-c[0]=1', { 'a.b-c[0]': '1' }],
    ['a byte order mark', '\ufeffA=1', { A: '1' }],
    ['carriage returns', 'A=1\r\nB="2"\r\n', { A: '1', B: '2' }],
  ];
  for (const [what, text, values] of table) {
    it(`reads ${what}`, () => {
      expect(parse(text, { H: 'env' }).values).to.deep.equal(values);
    });
  }

  it('names the line of each variable', () => {
    const { variables } = parse('A=1\n\nB=2');
    const place = variables.get('B')?.place;
    expect(place?.source.position(place.start)).to.deep.equal({ line: 3, column: 1 });
  });

  const broken: readonly (readonly [string, string, number, string])[] = [
    ['an open quote', 'A=1\nB="x', 2, 'unterminated quoted value'],
    ['a space in a name', 'A B=1', 1, 'variable name "A B" has a space in it'],
    ['a sign in a name', 'A\nB+C=1', 2, 'unexpected character "+" in a variable name'],
    ['a required variable', 'A=${X:?no}', 1, 'required variable X is not set: no'],
  ];
  for (const [what, text, line, message] of broken) {
    it(`reports ${what} with its line`, () => {
      const [finding] = parse(text).findings;
      expect(finding?.message).to.equal(message);
      expect(finding?.range?.start.line).to.equal(line);
    });
  }

  it('reads back every value that is written in single quotes', () => {
    const value = fc.string().filter((text) => !/['\\]/.test(text));
    fc.assert(
      fc.property(value, (text) => {
        expect(parse(`A='${text}'`).values).to.deep.equal({ A: text });
      }),
    );
  });
});
