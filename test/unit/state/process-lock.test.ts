import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { isAlive, ownIdentity, processStart, withProcessLock } from '../../../src/state/index.ts';

describe('process lock', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'coracle-lock-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('lets one in at a time, in order, also after a failure', async () => {
    const path = join(folder, 'locks', 'a');
    const order: string[] = [];
    const work = (name: string) => async () => {
      order.push(`${name} in`);
      await Promise.resolve();
      order.push(`${name} out`);
      if (name === 'b') throw new Error('b failed');
      return name;
    };
    const results = await Promise.allSettled(
      ['a', 'b', 'c'].map((name) => withProcessLock(path, work(name))),
    );
    expect(order).to.deep.equal(['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
    expect(results.map(({ status }) => status)).to.deep.equal([
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(readdirSync(join(folder, 'locks'))).to.deep.equal([]);
  });

  it('is taken over from a process that is dead, or whose pid is somebody else now', async () => {
    const path = join(folder, 'b');
    for (const holder of [`${spawnSync('true').pid}-1`, `${process.pid}-1`]) {
      symlinkSync(holder, path);
      expect(await withProcessLock(path, async () => 'mine'), holder).to.equal('mine');
      expect(readdirSync(folder)).to.deep.equal([]);
    }
  });

  it('waits for a living holder', async () => {
    const path = join(folder, 'c');
    mkdirSync(folder, { recursive: true });
    const { pid, start } = ownIdentity();
    symlinkSync(`${pid}-${start}`, path);
    let released = false;
    setTimeout(() => {
      released = true;
      rmSync(path);
    }, 10);
    expect(await withProcessLock(path, async () => released)).to.equal(true);
  });

  it('knows a process by its start, not by its pid alone', () => {
    const start = processStart(process.pid);
    expect(start).to.match(/^\d+$/);
    expect(isAlive({ pid: process.pid, start: start ?? '' })).to.equal(true);
    expect(isAlive({ pid: process.pid, start: '1' })).to.equal(false);
    expect(processStart(999_999_999)).to.equal(undefined);
  });
});
