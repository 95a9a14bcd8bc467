/**
 * A machine that is out of something, or lacks it: the command says what, in words that help, nothing is left half-made,
 * and the same command works once the machine is put right.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { coracleProgram } from '../../support/command.ts';
import { eventually } from '../../support/eventually.ts';
import { EngineLab, image, nativeBinary } from './engine-lab.ts';

const runArgs = [
  'run',
  '-d',
  '--init',
  '--name',
  'poor',
  '-p',
  '127.0.0.1::80',
  '-v',
  'data:/seed',
];

describe('a machine that is out of something', function () {
  this.timeout(120_000);
  const lab = new EngineLab();
  const filler = join(lab.folder, 'filler');
  const without = join(lab.folder, 'without');
  before(async function () {
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', lab.folder]).status !== 0) {
      console.log('      left out: cannot mount');
      this.skip();
    }
    const source = new URL('../../native/without.c', import.meta.url).pathname;
    execFileSync('cc', ['-std=gnu11', '-O1', '-o', without, source, '-lseccomp']);
    await lab.open();
  });
  afterEach(async () => {
    rmSync(filler, { force: true });
    await lab.expectClean();
  });
  after(async () => {
    await lab.engine.close();
    spawnSync('umount', ['-l', lab.folder]);
    await lab.close();
  });

  /** Our command, under another one. */
  function coracle(args: readonly string[], under: readonly string[] = []) {
    const [program = '', ...rest] = [...under, process.execPath, coracleProgram, ...args];
    const { status, stdout, stderr } = spawnSync(program, rest, {
      encoding: 'utf8',
      timeout: 30_000,
      env: {
        ...process.env,
        CORACLE_DATA: lab.roots.data,
        CORACLE_RUN: lab.roots.run,
        CORACLE_NATIVE: dirname(nativeBinary),
      },
    });
    return { status, stdout, stderr };
  }

  /** A start under these circumstances: it works, or says this; afterwards nothing is in the way of the next. */
  function startOr(message: RegExp, where: string, under: readonly string[] = []): boolean {
    const { status, stderr } = coracle([...runArgs, image], under);
    if (status !== 0) expect(stderr, where).to.match(message).and.not.include('mistake of ours');
    rmSync(filler, { force: true });
    const removed = coracle(['rm', '-f', '-v', 'poor']);
    expect(removed.status, `${where}: ${removed.stderr}`).to.equal(0);
    return status === 0;
  }

  /** Leaves so many bytes of the file system, less than a page of them too. */
  function leave(bytes: number): void {
    spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4096'], { stdio: 'ignore' });
    const { bsize } = statfsSync(lab.folder);
    if (bytes > 0) truncateSync(filler, Number(execFileSync('stat', ['-c', '%s', filler])) - bytes);
    expect(bsize).to.equal(4096);
  }

  it('says that the disk is full, wherever in a start it is', async () => {
    const outcomes: boolean[] = [];
    for (let kilobytes = 0; kilobytes <= 60; kilobytes += 4) {
      leave(kilobytes * 1024);
      outcomes.push(startOr(/\(ENOSPC\)[\s\S]*hint: Free space/, `${kilobytes} KB left`));
      await lab.expectClean();
    }
    expect(outcomes[0]).to.equal(false);
    expect(outcomes.at(-1)).to.equal(true);
  });

  it('shows, stops and removes with a full disk', async () => {
    await lab.run('before');
    leave(0);
    expect(coracle(['ps']).stdout).to.match(/ before\n/);
    expect(coracle(['stop', 'before'])).to.include({ status: 0, stderr: '' });
    expect(coracle(['ps', '-a']).stdout).to.match(/Exited \(143\)/);
    expect(coracle(['rm', 'before'])).to.include({ status: 0, stderr: '' });
    leave(0);
    expect(coracle(['network', 'create', 'full']).stderr).to.match(/hint: Free space/);
    expect(coracle(['volume', 'create', 'full']).stderr).to.match(/hint: Free space/);
  });

  it('keeps a service going whose log the disk has no room for, and says what was lost', async () => {
    const container = await lab.run('talks', {
      Cmd: ['sh', '-c', 'while read line; do echo "$line"; done'],
      OpenStdin: true,
    });
    const attachment = await lab.engine.attach('talks', { stdin: true });
    const heard = (async () => {
      let text = '';
      for await (const { data } of attachment) text += data.toString();
      return text;
    })();
    await attachment.write(Buffer.from('before\n'));
    await eventually(() => expect(coracle(['logs', 'talks']).stdout).to.equal('before\n'), 5000);
    leave(0);
    const line = `${'x'.repeat(1000)}\n`;
    for (let count = 0; count < 200; count += 1) await attachment.write(Buffer.from(line));
    await attachment.write(Buffer.from('full\n'));
    await sleep(300);
    rmSync(filler);
    await attachment.write(Buffer.from('after\n'));
    await eventually(() => {
      const { stdout, stderr } = coracle(['logs', 'talks']);
      expect(stdout).to.match(/^before\n(x{1000}\n)*(full\n)?after\n$/);
      // Short lines may still have found room in between, so that it is told more than once.
      expect(stderr).to.match(
        /^(\[coracle: \d+ bytes of this log were lost: No space left on device\]\n)+$/,
      );
    }, 5000);
    await container.stop();
    // Who is attached has seen all of it.
    expect(await heard).to.equal(`before\n${line.repeat(200)}full\nafter\n`);
  });

  it('says that no further file can be opened', async () => {
    const outcomes: boolean[] = [];
    // Below some twenty Node itself does not start.
    for (let files = 18; files <= 46; files += 2) {
      const message = /too many open files|\(EMFILE\)[\s\S]*hint: Raise the limit/;
      outcomes.push(startOr(message, `${files} files`, ['prlimit', `--nofile=${files}`]));
      await lab.expectClean();
    }
    expect(outcomes[0]).to.equal(false);
    expect(outcomes.at(-1)).to.equal(true);
  });

  it('shows and stops where the data folder cannot be written, and says so otherwise', async () => {
    await lab.run('before');
    const { data } = lab.roots;
    const mine = readdirSync(join(data, 'containers'));
    execFileSync('mount', ['--bind', data, data]);
    execFileSync('mount', ['-o', 'remount,ro,bind', data]);
    try {
      const message = /file system(?: is read-only)?[\s\S]*hint: Mount it for writing/;
      for (const args of [
        [...runArgs, image],
        ['network', 'create', 'ro'],
        ['volume', 'create', 'ro'],
      ]) {
        expect(coracle(args).stderr, args.join(' ')).to.match(message);
      }
      expect(coracle(['ps']).stdout).to.match(/ before\n/);
      expect(coracle(['stop', 'before'])).to.include({ status: 0, stderr: '' });
      expect(coracle(['start', 'before']).stderr).to.match(/hint: Mount it for writing/);
      expect(coracle(['rm', 'before']).stderr).to.match(message);
      const doctor = coracle(['doctor', '--format', 'json']);
      expect(doctor.status).to.equal(1);
      expect(failed(doctor.stdout)).to.deep.equal(['overlay', 'data folder']);
    } finally {
      execFileSync('umount', [data]);
    }
    expect(readdirSync(join(data, 'containers'))).to.deep.equal(mine);
  });

  const lacking: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['nf_tables', ['socket:2=12', '93'], /no nf_tables[\s\S]*hint: Load nf_tables/],
    ['overlay', ['fsopen', '19'], /no overlay file system \(ENODEV\)[\s\S]*coracle doctor/],
    ['mount_setattr', ['mount_setattr', '38'], /mount_setattr[\s\S]*coracle doctor/],
    ['openat2', ['openat2', '38'], /openat2.*\(ENOSYS\)[\s\S]*coracle doctor/],
    ['move_mount', ['move_mount', '38'], /move_mount.*\(ENOSYS\)[\s\S]*coracle doctor/],
    ['seccomp', ['seccomp', '38'], /seccomp.*\(ENOSYS\)[\s\S]*coracle doctor/],
    ['namespaces', ['unshare', '1'], /namespace \(EPERM\)[\s\S]*coracle doctor/],
  ];
  for (const [what, calls, message] of lacking) {
    it(`says that it lacks ${what}`, () => {
      expect(startOr(message, what, [without, ...calls, '--'])).to.equal(false);
    });
  }

  it('says that it is not root, or root without its rights', () => {
    const nobody = ['setpriv', '--reuid', '65534', '--clear-groups'];
    expect(coracle([...runArgs, image], nobody).stderr).to.match(
      /this is user 65534[\s\S]*sudo coracle/,
    );
    for (const right of ['sys_admin', 'net_admin']) {
      const limited = ['setpriv', `--bounding-set=-${right}`];
      expect(startOr(/\(EPERM\)[\s\S]*coracle doctor/, right, limited)).to.equal(false);
      const doctor = coracle(['doctor', '--format', 'json'], limited);
      expect(doctor.status).to.equal(1);
      expect(failed(doctor.stdout)).to.include('user');
    }
  });

  it('is told by doctor: what is there, what is not, and what to do', () => {
    const well = coracle(['doctor', '--format', 'json']);
    expect(failed(well.stdout)).to.deep.equal([]);
    expect(well.status).to.equal(0);
    const bare = coracle(['doctor'], [without, 'socket:2=12', '93', 'fsopen', '19', '--']);
    expect(bare.stdout).to.match(/^ok {4}user: root\n/);
    expect(bare.stdout).to.match(/^FAIL {2}nf_tables: .*no nf_tables\n {6}Load it: modprobe/m);
    expect(bare.stdout).to.match(/^FAIL {2}overlay: .*\n {6}Load it: modprobe overlay/m);
    expect(bare.status).to.equal(1);
    writeFileSync(filler, '');
  });
});

/** The names of what doctor says is missing. */
function failed(json: string): string[] {
  const checks = JSON.parse(json) as { name: string; state: string; fix: string }[];
  for (const { state, fix } of checks) expect(fix === '').to.equal(state === 'ok');
  return checks.filter(({ state }) => state === 'fail').map(({ name }) => name);
}
