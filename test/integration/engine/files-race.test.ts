/**
 * Copies in and out of a container that exchanges a folder on the way for a link to the host's, all the time
 * (CVE-2018-15664): what resolves a path first and opens it afterwards loses this race within a few tries.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type CopySide, copyPath } from '../../../src/cli/copy/copy-paths.ts';
import { EngineLab } from './engine-lab.ts';

const tries = 150;

describe('copies beside a container that swaps their way', function () {
  this.timeout(120_000);
  const lab = new EngineLab();
  const { engine } = lab;
  const host = join(lab.folder, 'host');
  const swap = join(lab.folder, 'swap');
  before(async function () {
    const source = new URL('../../native/swap.c', import.meta.url).pathname;
    if (spawnSync('cc', ['-O1', '-static', '-o', swap, source]).status !== 0) {
      console.log('      left out: no C compiler, or no static C library');
      this.skip();
    }
    await lab.open();
    mkdirSync(host);
  });
  afterEach(() => lab.expectClean());
  after(() => lab.close());

  it('never reach a file of the host, either way', async () => {
    const secret = join(host, 'secret');
    writeFileSync(secret, 'of the host');
    const bait = join(lab.folder, 'bait');
    writeFileSync(bait, 'from outside');
    const side = async (path: string): Promise<CopySide> => ({
      files: await engine.files(),
      path,
      label: path,
      missing: () => `nothing at ${path}`,
    });
    await lab.run('racer');
    const inside = async (path: string): Promise<CopySide> => ({
      ...(await side(path)),
      files: await engine.files('racer'),
    });
    await copyPath(await side(swap), await inside('/bin/swap'), { followLink: false });
    // The container's own folder is at /a/way, then at /b: /a/way is a link to the host's.
    await lab.sh(
      'racer',
      `mkdir -p /a/way && echo "of the container" >/a/way/secret && ln -s ${host} /b`,
    );
    await lab.sh('racer', '/bin/swap /a/way /b >/dev/null 2>&1 &');
    const outcomes = { out: 0, in: 0, refused: 0 };
    const got = join(lab.folder, 'got');
    const attempt = async (kind: 'out' | 'in', work: Promise<unknown>) => {
      try {
        await work;
        outcomes[kind] += 1;
      } catch {
        // The way leads nowhere inside the container at this moment.
        outcomes.refused += 1;
      }
    };
    for (let round = 0; round < tries; round += 1) {
      rmSync(got, { force: true });
      const followLink = round % 2 === 0;
      await attempt(
        'out',
        copyPath(await inside('/a/way/secret'), await side(got), { followLink }),
      );
      if (existsSync(got)) expect(readFileSync(got, 'utf8')).not.to.equal('of the host');
      await attempt(
        'in',
        copyPath(await side(bait), await inside('/a/way/planted'), { followLink }),
      );
      await attempt(
        'in',
        copyPath(await side(bait), await inside('/a/way/secret'), { followLink }),
      );
      expect(readFileSync(secret, 'utf8')).to.equal('of the host');
      expect(existsSync(join(host, 'planted')), `planted in round ${round}`).to.equal(false);
    }
    // The race was run: it went either way often enough.
    expect(outcomes.out, 'copies out').to.be.at.least(10);
    expect(outcomes.in, 'copies in').to.be.at.least(10);
    expect(outcomes.refused, 'copies that met the link').to.be.at.least(10);
    execFileSync('rm', ['-rf', host, got, bait]);
  });
});
