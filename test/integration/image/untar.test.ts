import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { tarOf } from '../../support/hostile-tar.ts';
import { UntarBench } from '../../support/untar-bench.ts';

/** Attributes as `getfattr` shows them; Node has no call for them. */
function xattr(path: string, name: string): string {
  const script =
    'import os,sys; sys.stdout.buffer.write(os.getxattr(sys.argv[1],sys.argv[2],follow_symlinks=False))';
  return execFileSync('python3', ['-c', script, path, name]).toString('latin1');
}

describe('untar', () => {
  let bench: UntarBench;
  beforeEach(() => {
    bench = new UntarBench();
  });
  afterEach(() => bench.remove());
  const at = (name: string) => join(bench.root, name);

  it('keeps owner, mode with setuid, and time', () => {
    const { status } = bench.untar(
      tarOf(
        { name: 'd/', type: '5', mode: 0o1770, uid: 5, gid: 6, mtime: 1_000_000_000 },
        { name: 'd/f', content: 'x', mode: 0o4755, uid: 70_000, gid: 7, mtime: 1_100_000_000 },
      ),
    );
    expect(status).to.equal(0);
    const file = statSync(at('d/f'));
    expect([file.mode & 0o7777, file.uid, file.gid, file.mtimeMs]).to.deep.equal([
      0o4755, 70_000, 7, 1_100_000_000_000,
    ]);
    const folder = statSync(at('d'));
    expect([folder.mode & 0o7777, folder.uid, folder.gid, folder.mtimeMs]).to.deep.equal([
      0o1770, 5, 6, 1_000_000_000_000,
    ]);
  });

  it('turns whiteouts into those of overlay', () => {
    const { status } = bench.untar(
      tarOf(
        { name: 'd/', type: '5', mode: 0o755 },
        { name: 'd/.wh.gone' },
        { name: 'opaque/', type: '5', mode: 0o755 },
        { name: 'opaque/.wh..wh..opq' },
      ),
    );
    expect(status).to.equal(0);
    const whiteout = lstatSync(at('d/gone'));
    expect([whiteout.isCharacterDevice(), whiteout.rdev]).to.deep.equal([true, 0]);
    expect(xattr(at('opaque'), 'trusted.overlay.opaque')).to.equal('y');
  });

  it('takes whiteouts below a file that has replaced their folder, as umoci writes them', () => {
    const archive = tarOf(
      { name: 'd', content: 'x' },
      { name: 'd/.wh.f' },
      { name: 'd/.wh..wh..opq' },
    );
    expect(bench.untar(archive).status).to.equal(0);
    expect(readFileSync(at('d'), 'utf8')).to.equal('x');
    expect(bench.untar(tarOf({ name: 'd/f', content: 'x' })).failure.errnoName).to.equal('ENOTDIR');
  });

  it('hides a folder of the lower layers that is removed and made again', () => {
    const folder = { name: 'd/', type: '5', mode: 0o755 };
    for (const entries of [
      [{ name: '.wh.d' }, folder],
      [folder, { name: '.wh.d' }],
    ]) {
      expect(bench.untar(tarOf(...entries, { name: 'd/f', content: 'x' })).status).to.equal(0);
      expect(xattr(at('d'), 'trusted.overlay.opaque')).to.equal('y');
      expect(readFileSync(at('d/f'), 'utf8')).to.equal('x');
      bench.remove();
      bench = new UntarBench();
    }
  });

  it('keeps file capabilities and user attributes', () => {
    const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex');
    const { status } = bench.untar(
      tarOf({
        name: 'ping',
        content: 'x',
        mode: 0o755,
        uid: 3,
        pax: { 'SCHILY.xattr.security.capability': capability, 'SCHILY.xattr.user.note': 'hello' },
      }),
    );
    expect(status).to.equal(0);
    expect(xattr(at('ping'), 'security.capability')).to.equal(capability.toString('latin1'));
    expect(xattr(at('ping'), 'user.note')).to.equal('hello');
  });

  it('makes devices, pipes and hard links', () => {
    const { status } = bench.untar(
      tarOf(
        { name: 'null', type: '3', major: 1, minor: 3, mode: 0o666 },
        { name: 'loop', type: '4', major: 7, minor: 1 },
        { name: 'pipe', type: '6' },
        { name: 'a', content: 'x' },
        { name: 'deep/b', type: '1', link: './a' },
      ),
    );
    expect(status).to.equal(0);
    expect(lstatSync(at('null')).rdev).to.equal(0x103);
    expect(lstatSync(at('loop')).isBlockDevice()).to.equal(true);
    expect(lstatSync(at('pipe')).isFIFO()).to.equal(true);
    expect(statSync(at('deep/b')).ino).to.equal(statSync(at('a')).ino);
  });

  it('unpacks what GNU tar writes in each of its formats, holes included', () => {
    const source = join(bench.folder, 'source');
    const long = `${'long/'.repeat(50)}name`;
    mkdirSync(join(source, long, '..'), { recursive: true });
    writeFileSync(join(source, long), 'deep');
    writeFileSync(join(source, 'sparse'), 'start');
    truncateSync(join(source, 'sparse'), 3_000_000);
    execFileSync('sh', ['-c', 'printf middle | dd of=sparse bs=1 seek=1000000 conv=notrunc 2>&1'], {
      cwd: source,
    });
    const content = readFileSync(join(source, 'sparse'));
    const formats = [
      ['--format=gnu'],
      ['--format=pax', '--sparse-version=0.0'],
      ['--format=pax', '--sparse-version=0.1'],
      ['--format=pax', '--sparse-version=1.0'],
    ];
    for (const format of formats) {
      const archive = execFileSync('tar', [...format, '-S', '-c', '.'], {
        cwd: source,
        maxBuffer: 1 << 26,
      });
      expect(archive.length, 'the archive is sparse').to.be.below(200_000);
      const { status, result } = bench.untar(archive);
      expect(status, format.join(' ')).to.equal(0);
      expect(result.diffId).to.equal(
        `sha256:${createHash('sha256').update(archive).digest('hex')}`,
      );
      expect(readFileSync(at('sparse')).equals(content)).to.equal(true);
      expect(statSync(at('sparse')).blocks * 512).to.be.below(200_000);
      expect(readFileSync(at(long), 'utf8')).to.equal('deep');
    }
  });

  it('digests the uncompressed stream of gzip, members and zero padding included', () => {
    const archive = tarOf({ name: 'f', content: 'x'.repeat(100_000) });
    const half = archive.length / 2;
    const members = Buffer.concat([
      gzipSync(archive.subarray(0, half)),
      gzipSync(archive.subarray(half)),
      Buffer.alloc(300),
    ]);
    const { result } = bench.untar(members);
    expect(result.diffId).to.equal(`sha256:${createHash('sha256').update(archive).digest('hex')}`);
    expect(statSync(at('f')).size).to.equal(100_000);
  });

  it('refuses gzip that is cut, damaged, or followed by something else', () => {
    const zipped = gzipSync(tarOf({ name: 'f', content: 'x'.repeat(5000) }));
    expect(bench.untar(zipped.subarray(0, zipped.length - 9)).failure.message).to.match(
      /truncated/,
    );
    expect(bench.untar(Buffer.concat([zipped, Buffer.from('more')])).failure.message).to.equal(
      'garbage follows the gzip stream',
    );
    const damaged = Buffer.from(zipped);
    damaged.writeUInt8(damaged.readUInt8(damaged.length - 6) ^ 1, damaged.length - 6);
    expect(bench.untar(damaged).failure.message).to.contain('damaged');
  });

  it('names the full disk and the file that did not fit', () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', bench.root]);
    try {
      const { failure } = bench.untar(tarOf({ name: 'big', content: Buffer.alloc(200_000, 1) }));
      expect(failure).to.include({ errnoName: 'ENOSPC', path: 'big', message: 'the disk is full' });
    } finally {
      execFileSync('umount', [bench.root]);
    }
  });
});
