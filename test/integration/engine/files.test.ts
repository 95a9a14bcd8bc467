import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type CopySide, copyArchive, copyPath } from '../../../src/cli/copy/copy-paths.ts';
import { EngineLab, failure, image } from './engine-lab.ts';

describe('files of a container', () => {
  const lab = new EngineLab();
  const { engine } = lab;
  const host = join(lab.folder, 'host');
  before(async () => {
    await lab.open();
    mkdirSync(host);
  });
  afterEach(() => lab.expectClean());
  after(() => lab.close());

  const inside = async (name: string, path: string): Promise<CopySide> => ({
    files: await engine.files(name),
    path,
    label: `${name}:${path}`,
    missing: (missing) => `nothing at ${missing}`,
  });
  const outside = async (path: string): Promise<CopySide> => ({
    files: await engine.files(),
    path: `${host}/${path}`,
    label: path,
    missing: (missing) => `nothing at ${missing}`,
  });
  const copyIn = async (from: string, name: string, to: string, more = {}) =>
    copyPath(await outside(from), await inside(name, to), { followLink: false, ...more });
  const copyOut = async (name: string, from: string, to: string) =>
    copyPath(await inside(name, from), await outside(to), { followLink: false });

  it('are copied in and out as they are, of a container that runs and of one that does not', async () => {
    const tree = join(host, 'tree');
    mkdirSync(join(tree, 'deep'), { recursive: true });
    const long = `${'n'.repeat(120)}/${'ü'.repeat(60)}`;
    mkdirSync(join(tree, 'n'.repeat(120)));
    writeFileSync(join(tree, long), 'long');
    writeFileSync(join(tree, 'deep/file'), 'x'.repeat(100_000), { mode: 0o640 });
    symlinkSync('deep/file', join(tree, 'link'));
    execFileSync('ln', [join(tree, 'deep/file'), join(tree, 'same')]);
    execFileSync('mkfifo', [join(tree, 'pipe')]);
    const container = await lab.run('copies');
    for (const running of [true, false]) {
      if (!running) await container.stop();
      const name = running ? 'warm' : 'cold';
      await copyIn('tree', 'copies', `/tmp/${name}`);
      await copyOut('copies', `/tmp/${name}`, name);
      execFileSync('diff', [
        '-r',
        '--no-dereference',
        join(tree, 'deep'),
        join(host, name, 'deep'),
      ]);
      expect(readFileSync(join(host, name, long), 'utf8')).to.equal('long');
      expect(statSync(join(host, name, 'same')).nlink).to.equal(2);
      expect(statSync(join(host, name, 'pipe')).isFIFO()).to.equal(true);
      expect(statSync(join(host, name, 'deep/file')).mode & 0o777).to.equal(0o640);
      rmSync(join(host, name), { recursive: true });
    }
    rmSync(tree, { recursive: true });
  });

  it('go to volumes too, and not to what is read-only', async () => {
    writeFileSync(join(host, 'one'), '1');
    const container = await lab.run('mounts', {
      HostConfig: {
        ReadonlyRootfs: true,
        Mounts: [
          { Type: 'volume', Source: 'vol', Target: '/vol' },
          { Type: 'volume', Source: 'vol', Target: '/frozen', ReadOnly: true },
        ] as never,
      },
    });
    for (const running of [true, false]) {
      if (!running) await container.stop();
      await copyIn('one', 'mounts', `/vol/${running}`);
      expect(await failure(copyIn('one', 'mounts', '/etc/one'))).to.match(/read-only|EROFS/i);
      expect(await failure(copyIn('one', 'mounts', '/frozen/one'))).to.match(/read-only|EROFS/i);
      await copyOut('mounts', `/frozen/${running}`, 'back');
      expect(readFileSync(join(host, 'back'), 'utf8')).to.equal('1');
    }
    rmSync(join(host, 'back'));
    rmSync(join(host, 'one'));
  });

  it('never lead out of the container, whatever links it has made', async () => {
    const secret = join(host, 'secret');
    const bait = join(host, 'bait');
    writeFileSync(secret, 'of the host');
    writeFileSync(bait, 'from outside');
    await lab.run('links');
    await lab.sh(
      'links',
      [
        `mkdir -p /in /out ${host}`,
        `echo "of the container" >${secret}`,
        `ln -s ${secret} /in/absolute`,
        `ln -s ../../../../../../../../..${secret} /in/climbing`,
        `ln -s ${host} /in/folder`,
        // The root of every process here, by way of proc.
        `ln -s /proc/1/root${secret} /in/magic`,
      ].join(' && '),
    );
    for (const link of ['absolute', 'climbing', 'folder/secret']) {
      await copyPath(await inside('links', `/in/${link}`), await outside('got'), {
        followLink: true,
      });
      expect(readFileSync(join(host, 'got'), 'utf8'), link).to.equal('of the container\n');
      rmSync(join(host, 'got'));
    }
    await failure(
      copyPath(await inside('links', '/in/magic'), await outside('got'), { followLink: true }),
    );
    // In: through a link to a folder, to a file, and as a name below a link.
    await copyIn('bait', 'links', '/in/folder');
    await copyIn('bait', 'links', '/in/absolute');
    await copyIn('bait', 'links', '/in/folder/new');
    expect(readFileSync(secret, 'utf8')).to.equal('of the host');
    expect(existsSync(join(host, 'new'))).to.equal(false);
    expect(
      await lab.sh('links', `for f in secret new bait; do cat ${host}/$f; echo; done | sort -u`),
    ).to.equal('from outside');
    rmSync(secret);
    rmSync(bait);
  });

  it('cannot lead a copy astray by an archive that names a link and then what is below it', async () => {
    const target = join(host, 'target');
    const precious = join(host, 'precious');
    mkdirSync(target);
    mkdirSync(precious);
    const make = join(host, 'make');
    mkdirSync(join(make, 'second/x'), { recursive: true });
    symlinkSync(precious, join(make, 'x'));
    writeFileSync(join(make, 'second/x/planted'), 'planted');
    const archive = join(host, 'hostile.tar');
    execFileSync('tar', ['-cf', archive, '-C', make, 'x', '-C', join(make, 'second'), 'x/planted']);
    const side = await outside('target');
    const source = openSync(archive, 'r');
    await failure(copyArchive(source, side));
    closeSync(source);
    expect(existsSync(join(precious, 'planted'))).to.equal(false);
    for (const path of [target, precious, make, archive]) rmSync(path, { recursive: true });
  });

  it('take no rights over to the host', async () => {
    await lab.run('suid');
    await lab.sh(
      'suid',
      'cp /bin/busybox /tmp/tool && chown 33:33 /tmp/tool && chmod 6755 /tmp/tool',
    );
    await copyOut('suid', '/tmp/tool', 'tool');
    const { mode, uid } = statSync(join(host, 'tool'));
    expect([mode & 0o7777, uid]).to.deep.equal([0o755, 0]);
    rmSync(join(host, 'tool'));
  });

  it('are not written over by something of another kind', async () => {
    await lab.run('kinds');
    mkdirSync(join(host, 'kind/etc'), { recursive: true });
    writeFileSync(join(host, 'kind/etc/passwd'), '');
    await lab.sh('kinds', 'mkdir -p /tmp/kind/etc/passwd /tmp/kind2 && touch /tmp/kind2/etc');
    expect(await failure(copyIn('kind', 'kinds', '/tmp'))).to.match(
      /cannot overwrite directory with non-directory/,
    );
    expect(await failure(copyIn('kind/.', 'kinds', '/tmp/kind2'))).to.match(
      /cannot overwrite non-directory with directory/,
    );
    expect(await failure(copyIn('kind', 'kinds', '/etc/passwd'))).to.match(/cannot copy directory/);
    rmSync(join(host, 'kind'), { recursive: true });
  });

  it('become another image, which says what was changed and nothing of the runtime', async () => {
    const container = await lab.run('changes');
    expect(await engine.changes('changes')).to.deep.equal([]);
    await lab.sh('changes', 'rm /seed/deep/file; echo new >/seed/new; rm -r /tmp; mkdir -p /tmp/a');
    expect(await engine.changes('changes')).to.deep.equal([
      { kind: 'C', path: '/seed' },
      { kind: 'C', path: '/seed/deep' },
      { kind: 'D', path: '/seed/deep/file' },
      { kind: 'A', path: '/seed/new' },
      { kind: 'C', path: '/tmp' },
      { kind: 'A', path: '/tmp/a' },
    ]);
    const id = await engine.commit('changes', {
      name: 'lab/changed:1',
      changes: ['ENV CHANGED=1'],
      author: 'me',
      comment: 'why',
      pause: true,
    });
    expect((await container.inspect()).State.Status).to.equal('running');
    await lab.run('next', { Image: 'lab/changed:1' });
    expect(await lab.sh('next', 'cat /seed/new; ls /seed/deep /tmp; echo $CHANGED$LAB')).to.equal(
      'new\n/seed/deep:\n\n/tmp:\na\n11',
    );
    const info = await engine.getImage('lab/changed:1').inspect();
    expect(info).to.include({ Id: id, Author: 'me', Comment: 'why' });
    expect(info.RootFS.Layers).to.have.length(2);
    await lab.clear();
    await engine.getImage('lab/changed:1').remove({ force: true });
  });

  it('are exported without volumes, of a container that runs too', async () => {
    await lab.run('exported', {
      Image: image,
      HostConfig: { Mounts: [{ Type: 'volume', Source: 'data', Target: '/data' }] as never },
    });
    await lab.sh('exported', 'echo 1 >/data/hidden; echo 2 >/shown; rm /seed/deep/file');
    const archive = join(host, 'root.tar');
    const output = openSync(archive, 'w');
    await engine.exportContainer('exported', output);
    closeSync(output);
    const names = execFileSync('tar', ['-tf', archive]).toString().split('\n');
    expect(names).to.include.members(['shown', 'data/', 'bin/busybox', 'etc/hosts', 'proc/']);
    expect(names).not.to.include.members(['data/hidden']);
    expect(names).not.to.include.members(['seed/deep/file']);
    rmSync(archive);
  });
});
