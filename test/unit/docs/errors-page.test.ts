import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { errorsPage } from '../../../scripts/docs.ts';
import { errorCodes } from '../../../src/core/index.ts';

const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
const documented = [...page.matchAll(/^### (\S+)$/gm)].map((match) => match[1]);

describe('docs/errors.md', () => {
  it('has a section for every code that an error may carry', () => {
    expect(Object.keys(errorCodes).filter((code) => !documented.includes(code))).to.deep.equal([]);
  });

  it('names no code that is gone', () => {
    expect(documented.filter((code) => !(code !== undefined && code in errorCodes))).to.deep.equal(
      [],
    );
  });

  it('says what the table says', () => {
    expect(page === errorsPage(errorCodes), 'up to date; if not: npm run docs').to.equal(true);
  });
});

describe('the table of error codes', () => {
  it('has codes of the form AREA_SYMPTOM', () => {
    expect(
      Object.keys(errorCodes).filter((code) => !/^[A-Z]+(_[A-Z0-9]+)+$/.test(code)),
    ).to.deep.equal([]);
  });

  it('explains each to a user: a sentence, at least one cause, something to do', () => {
    const poor = Object.entries(errorCodes).filter(
      ([, { meaning, causes, hint }]) =>
        !/^\S.*\.$/s.test(meaning) || causes.length === 0 || !/^[A-Z`"]/.test(hint),
    );
    expect(poor.map(([code]) => code)).to.deep.equal([]);
  });
});
