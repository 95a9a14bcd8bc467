/** The test that nothing is left must itself see everything that can be left. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../../support/eventually.ts';
import {
  expectNothingLeft,
  leftovers,
  type Snapshot,
  takeSnapshot,
} from '../../support/leftovers.ts';

const ID = '5e'.repeat(32);
const CGROUP = [
  `/sys/fs/cgroup/pids/coracle-leftovers/${ID}`,
  `/sys/fs/cgroup/coracle-leftovers/${ID}`,
].find((path) => existsSync(dirname(dirname(path))));

describe('leftovers', () => {
  let world: string;
  let roots: { data: string; run: string };
  let before: Snapshot;
  let undo: (() => unknown)[];

  beforeEach(() => {
    world = mkdtempSync(join(tmpdir(), 'coracle-leftovers-'));
    roots = { data: join(world, 'data'), run: join(world, 'run') };
    mkdirSync(join(roots.data, 'containers'), { recursive: true });
    mkdirSync(join(roots.run, 'containers'), { recursive: true });
    before = takeSnapshot(roots);
    undo = [];
  });

  afterEach(async () => {
    for (const step of undo.reverse()) step();
    await expectNothingLeft(before, roots);
    rmSync(world, { recursive: true });
  });

  /** What is new, without what other programs of this machine have made meanwhile. */
  function found(kind: keyof Snapshot, mine: string): string[] {
    return leftovers(before, takeSnapshot(roots)).filter(
      (line) => line.startsWith(`${kind}: `) && line.includes(mine),
    );
  }

  it('see nothing where nothing is', () => {
    expect(found('files', '')).to.deep.equal([]);
    expect(found('processes', '')).to.deep.equal([]);
  });

  it('see a process that was started for these roots', async () => {
    const child = spawn('sleep', ['60'], { env: { ...process.env, CORACLE_RUN: roots.run } });
    undo.push(() => child.kill('SIGKILL'));
    await eventually(() => expect(found('processes', `${child.pid} (sleep)`)).to.have.lengthOf(1));
  });

  it('see a process that holds a file of a container open', async () => {
    const log = join(roots.data, 'containers', 'log');
    writeFileSync(log, '');
    const child = spawn('sh', ['-c', `exec 3>>"$0"; cd /; exec sleep 60`, log], { env: {} });
    undo.push(
      () => child.kill('SIGKILL'),
      () => rmSync(log),
    );
    await eventually(() => expect(found('processes', `${child.pid} (`)).to.have.lengthOf(1));
  });

  it('see a mount', () => {
    const target = join(roots.data, 'containers', 'merged');
    mkdirSync(target);
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', target]);
    undo.push(
      () => rmdirSync(target),
      () => execFileSync('umount', [target]),
    );
    expect(found('mounts', target)).to.have.lengthOf(1);
  });

  it('see a bridge and a veth, by the names that the engine gives', () => {
    execFileSync('ip', ['link', 'add', 'cor-5e5e5e5e', 'type', 'bridge']);
    undo.push(() => execFileSync('ip', ['link', 'del', 'cor-5e5e5e5e']));
    execFileSync('ip', ['link', 'add', 'cv5e5e5e5e0', 'type', 'veth']);
    undo.push(() => execFileSync('ip', ['link', 'del', 'cv5e5e5e5e0']));
    expect(found('links', '5e5e5e5e')).to.have.members([
      'links: cor-5e5e5e5e',
      'links: cv5e5e5e5e0',
    ]);
  });

  it('see a cgroup of a container that the event log remembers', () => {
    if (CGROUP === undefined) throw new Error('no cgroup hierarchy to try it in');
    writeFileSync(join(roots.run, 'events'), `{"id":"${ID}"}\n`);
    mkdirSync(CGROUP, { recursive: true });
    undo.push(
      () => rmdirSync(dirname(CGROUP)),
      () => rmdirSync(CGROUP),
    );
    expect(found('cgroups', ID)).to.deep.equal([`cgroups: ${CGROUP}`]);
  });

  it('see an nf_tables table', () => {
    execFileSync('nft', ['add', 'table', 'inet', 'coracle_5e5e']);
    undo.push(() => execFileSync('nft', ['delete', 'table', 'inet', 'coracle_5e5e']));
    expect(found('tables', 'coracle_5e5e')).to.have.lengthOf(1);
  });

  it('see records and files under run, but not images and the event log', () => {
    mkdirSync(join(roots.data, 'images/blobs'), { recursive: true });
    writeFileSync(join(roots.run, 'events'), '');
    mkdirSync(join(roots.run, 'containers', ID));
    mkdirSync(join(roots.data, 'names'));
    writeFileSync(join(roots.data, 'names', 'web-1'), ID);
    undo.push(
      () => rmdirSync(join(roots.run, 'containers', ID)),
      () => rmSync(join(roots.data, 'names', 'web-1')),
    );
    expect(found('files', '')).to.have.members([
      `files: run/containers/${ID}`,
      'files: data/names/web-1',
    ]);
  });

  it('are told when they do not go away', async () => {
    writeFileSync(join(roots.run, 'containers', 'stale'), '');
    undo.push(() => rmSync(join(roots.run, 'containers', 'stale')));
    const failure = await expectNothingLeft(before, roots, 100).catch(
      (error: Error) => error.message,
    );
    expect(failure).to.include('files: run/containers/stale');
  });
});
