import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type LockHolder, lockProject } from '../../../src/cli/project-lock.ts';

describe('the lock of a project', () => {
  let data: string;
  let waited: LockHolder[];

  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'coracle-lock-'));
    waited = [];
  });

  afterEach(() => rmSync(data, { recursive: true }));

  const lock = (command: string, sleep = () => Promise.resolve()) =>
    lockProject({
      roots: { data, run: data },
      project: 'todo',
      command,
      onWait: (holder) => waited.push(holder),
      sleep,
    });

  it('goes, folder and all, when it is released', async () => {
    const release = await lock('up');
    expect(existsSync(join(data, 'projects/todo/lock'))).to.equal(true);
    release();
    expect(readdirSync(join(data, 'projects'))).to.deep.equal([]);
  });

  it('makes the second one wait and tells it, once, who is at work', async () => {
    const release = await lock('compose up');
    let tries = 0;
    const second = await lock('compose down', async () => {
      tries += 1;
      if (tries === 3) release();
    });
    expect(waited.map(({ command, pid }) => [command, pid])).to.deep.equal([
      ['compose up', process.pid],
    ]);
    second();
  });

  it('is taken over from a holder that is gone', async () => {
    const folder = join(data, 'projects/todo');
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, 'lock'),
      JSON.stringify({ pid: process.pid, start: '1', command: 'up' }),
    );
    const release = await lock('compose down');
    expect(waited).to.deep.equal([]);
    release();
    expect(readdirSync(join(data, 'projects'))).to.deep.equal([]);
  });

  it('leaves the folder where something else lies in it', async () => {
    const release = await lock('up');
    mkdirSync(join(data, 'projects/todo/secrets'));
    release();
    expect(readdirSync(join(data, 'projects/todo'))).to.deep.equal(['secrets']);
  });
});
