/** What builds keep on the disk, and how it goes away. */
import { existsSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { listBuildCache, type PruneOptions, pruneBuildCache } from '../../../src/build/index.ts';
import { removeImage } from '../../../src/image/index.ts';
import { image as base } from '../engine/engine-lab.ts';
import { BuildLab } from './build-lab.ts';

const dockerfile = [
  `FROM ${base} AS tools`,
  'RUN --mount=type=cache,target=/c echo kept > /c/kept && head -c 100000 /dev/zero > /tool',
  `FROM ${base}`,
  'COPY --from=tools /tool /tool',
].join('\n');

describe('the build cache', () => {
  let lab: BuildLab;
  beforeEach(async () => {
    lab = new BuildLab();
    await lab.open();
    await lab.build(dockerfile);
  });
  afterEach(async () => {
    await lab.expectClean();
    await lab.close();
  });

  const listed = async () =>
    (await listBuildCache(lab.roots)).map(
      ({ type, isShared }) => `${type}${isShared ? ' shared' : ''}`,
    );
  const pruned = async (options: PruneOptions) =>
    (await pruneBuildCache(lab.roots, options)).removed.map(({ type }) => type);
  const folder = (name: string) => join(lab.roots.data, 'build', name);

  it('knows its steps, what images share, and cache mounts', async () => {
    expect((await listed()).sort()).to.deep.equal(['mount', 'step', 'step shared']);
    const [step] = (await listBuildCache(lab.roots)).filter(({ size }) => size > 50_000);
    expect(step?.description).to.match(/^RUN --mount/);
  });

  it('loses by a prune what no image has, and by --all the rest', async () => {
    const { removed } = await pruneBuildCache(lab.roots);
    expect(removed.map(({ type }) => type).sort()).to.deep.equal(['mount', 'step']);
    expect(await listed()).to.deep.equal(['step shared']);
    expect(readdirSync(folder('snapshots'))).to.deep.equal([]);
    expect((await lab.build(dockerfile)).done).to.have.length(1);
    await pruneBuildCache(lab.roots, { all: true });
    expect(await listed()).to.deep.equal([]);
    expect((await lab.build(dockerfile)).done).to.have.length(2);
  });

  it('frees the layers of an image that was removed before', async () => {
    const layers = () => readdirSync(join(lab.roots.data, 'layers'));
    const before = layers().length;
    await removeImage(lab.roots, 'lab/built', { force: true, usedBy: () => [] });
    expect(layers()).to.have.length(before);
    const { bytes } = await pruneBuildCache(lab.roots, { all: true });
    expect(layers()).to.have.length(before - 1);
    expect(bytes).to.be.greaterThan(200_000);
  });

  it('keeps what was used since, or as much as it may', async () => {
    const old = readdirSync(folder('cache'));
    for (const name of old) utimesSync(join(folder('cache'), name), 1000, 1000);
    expect(await pruned({ unusedSinceMs: 900_000 })).to.deep.equal([]);
    // A hit counts as a use.
    await lab.build(dockerfile);
    expect(await pruned({ unusedSinceMs: 2_000_000 })).to.deep.equal([]);
    expect(await pruned({ keepBytes: 1_000_000 })).to.deep.equal([]);
    expect(await pruned({ keepBytes: 20_000 })).to.include('step');
  });

  it('leaves alone what a build under way may be using', async () => {
    await lab.build(dockerfile.replace('echo kept', 'echo other'));
    let during: string[] = [];
    let done: Promise<void> | undefined;
    await lab.build(
      `${dockerfile}\nRUN echo up && sleep 0.4\n`,
      {},
      {
        onProgress: ({ kind }) => {
          if (kind !== 'output') return;
          done ??= pruneBuildCache(lab.roots).then(({ removed }) => {
            during = removed.map(({ description }) => description);
          });
        },
      },
    );
    await done;
    expect(during.map((text) => /echo (\w+) >/.exec(text)?.[1])).to.deep.equal(['other']);
    expect(existsSync(folder('mounts'))).to.equal(true);
    expect((await listed()).filter((type) => type === 'mount')).to.have.length(1);
  });
});
