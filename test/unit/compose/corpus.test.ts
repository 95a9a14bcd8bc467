import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { corpusFolders, runCase } from '../../../scripts/corpus.ts';

describe('compose files of other people', () => {
  it('load as in Docker Compose, but for the differences that the documentation gives reasons for', function () {
    this.timeout(60_000);
    const folders = corpusFolders();
    if (folders.length === 0) {
      console.log('      skipped: ../shared/corpus/compose is not on this machine');
      this.skip();
    }
    const page = readFileSync(
      new URL('../../../docs/compose-differences.md', import.meta.url),
      'utf8',
    );
    const outcomes = folders.map((folder) => ({
      name: folder.split('/').slice(-2).join('/'),
      ...runCase(folder),
    }));
    const differing = outcomes.filter(({ agrees }) => !agrees);
    const unexplained = differing.filter(({ name }) => !page.includes(`\`${name}\``));
    expect(unexplained.map(({ name, differences }) => [name, ...differences])).to.deep.equal([]);
    expect(differing.length / outcomes.length).to.be.lessThan(0.03);
    const listed = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);
    expect(listed.filter((name) => !differing.some((one) => one.name === name))).to.deep.equal([]);
  });
});
