import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { bytePath } from '../../../src/image/byte-path.ts';
import { firstDifference } from '../../../src/image/check/compare-trees.ts';
import { removeTree } from '../../../src/image/remove-tree.ts';
import { treeSize } from '../../../src/image/tree-size.ts';

describe('a tree of files as programs in a container make it', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'coracle-trees-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is removed however deep its folders lie', () => {
    // No path reaches the lowest one: each round puts what there is below fifteen more folders.
    for (let round = 0; round < 8; round += 1) {
      const tops = Array.from({ length: 15 }, () => 'x'.repeat(200));
      const next = join(folder, `next-${round}`);
      mkdirSync(join(next, ...tops), { recursive: true });
      writeFileSync(join(next, 'file'), 'x');
      if (round > 0) renameSync(join(folder, 'deep'), join(next, ...tops, 'deep'));
      renameSync(next, join(folder, 'deep'));
    }
    writeFileSync(join(folder, 'beside'), 'x');
    removeTree(join(folder, 'deep'));
    expect(existsSync(join(folder, 'deep'))).to.equal(false);
    expect(existsSync(join(folder, 'beside'))).to.equal(true);
  });

  it('is measured and compared by the bytes of its names', async () => {
    const name = Buffer.from('caf\xe9', 'latin1');
    for (const tree of ['one', 'two']) {
      mkdirSync(join(folder, tree));
      mkdirSync(bytePath(join(folder, tree), name));
      writeFileSync(bytePath(bytePath(join(folder, tree), name), name), 'x'.repeat(5000));
    }
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    expect(await treeSize(one)).to.be.greaterThan(4999);
    expect(firstDifference(one, two)).to.equal(undefined);
    writeFileSync(bytePath(bytePath(two, name), name), 'y'.repeat(5000));
    expect(firstDifference(one, two)).to.match(/has other content$/);
    writeFileSync(bytePath(two, Buffer.from('caf\xe8', 'latin1')), '');
    expect(firstDifference(one, two)).to.match(/does not belong there$|has other content$/);
    removeTree(two);
    expect(existsSync(two)).to.equal(false);
  });
});
