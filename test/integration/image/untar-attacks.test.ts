/**
 * Archives that try to write, read or change something outside the folder they are unpacked into. Each case would
 * succeed against an unpacker that joins paths and calls open.
 */
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { entryBlocks, gnuLong, type TarEntry, tarOf } from '../../support/hostile-tar.ts';
import { UntarBench } from '../../support/untar-bench.ts';

describe('untar against hostile archives', () => {
  let bench: UntarBench;
  beforeEach(() => {
    bench = new UntarBench();
  });
  afterEach(() => {
    expect(readFileSync(bench.secret, 'utf8')).to.equal('untouched');
    expect(readdirSync(bench.outside)).to.deep.equal(['secret']);
    expect(readdirSync(bench.folder).sort()).to.deep.equal(['outside', 'root']);
    bench.remove();
  });

  it('refuses names that climb out of the root', () => {
    for (const name of ['../outside/new', 'a/../../outside/new', '/../outside/new', '..']) {
      const { status, failure } = bench.untar(tarOf({ name, content: 'x' }));
      expect(status, name).to.equal(1);
      expect(failure.message).to.contain('out of the root');
      expect(failure.path).to.equal(name);
    }
  });

  it('refuses climbing names from long-name entries and pax records as well', () => {
    const long = `${'a/'.repeat(80)}${'../'.repeat(81)}outside/new`;
    const gnu = Buffer.concat([...gnuLong('L', long), tarOf({ name: 'short', content: 'x' })]);
    expect(bench.untar(gnu).failure.message).to.contain('out of the root');
    const pax = tarOf({ name: 'short', content: 'x', pax: { path: '../outside/new' } });
    expect(bench.untar(pax).failure.message).to.contain('out of the root');
  });

  it('takes absolute names from the root', () => {
    const name = join(bench.outside, 'new');
    expect(bench.untar(tarOf({ name, content: 'x' })).status).to.equal(0);
    expect(readFileSync(join(bench.root, name), 'utf8')).to.equal('x');
  });

  it('keeps what is written through an absolute link below the root', () => {
    const archive = tarOf(
      { name: 'link', type: '2', link: bench.outside },
      { name: 'link/new', content: 'x' },
    );
    // Inside the root the link leads nowhere; outside it leads to the folder.
    const { status, failure } = bench.untar(archive);
    expect(status).to.equal(1);
    expect(failure.message).to.equal('the link leads to no folder');
  });

  it('keeps what is written through a climbing link below the root', () => {
    const archive = tarOf(
      { name: 'outside/', type: '5', mode: 0o755 },
      { name: 'link', type: '2', link: '../../../../../outside' },
      { name: 'link/new', content: 'inside' },
    );
    expect(bench.untar(archive).status).to.equal(0);
    expect(readFileSync(join(bench.root, 'outside/new'), 'utf8')).to.equal('inside');
  });

  it('resolves chains of links inside the root', () => {
    const archive = tarOf(
      { name: 'd/', type: '5', mode: 0o755 },
      { name: 'one', type: '2', link: '/two' },
      { name: 'two', type: '2', link: 'd' },
      { name: 'one/f', content: 'x' },
    );
    expect(bench.untar(archive).status).to.equal(0);
    expect(readdirSync(join(bench.root, 'd'))).to.deep.equal(['f']);
  });

  it('gives up on links that lead in circles', () => {
    const archive = tarOf(
      { name: 'a', type: '2', link: 'b' },
      { name: 'b', type: '2', link: 'a' },
      { name: 'a/f', content: 'x' },
    );
    expect(bench.untar(archive).failure.errnoName).to.equal('ELOOP');
  });

  it('refuses folders that links nest deeper than any path reaches', () => {
    const entries: TarEntry[] = [];
    let top = 'top';
    for (let hop = 0; hop < 4; hop += 1) {
      const path = [top, ...Array.from({ length: 15 }, () => 'x'.repeat(200))].join('/');
      entries.push({ name: 'short', type: '5', mode: 0o755, pax: { path } });
      entries.push({ name: 'short', type: '2', pax: { path: `link-${hop}`, linkpath: path } });
      top = `link-${hop}`;
    }
    const { status, failure } = bench.untar(tarOf(...entries));
    expect(status).to.equal(1);
    expect(failure).to.include({
      errnoName: 'ENAMETOOLONG',
      message: 'its folder lies too deep',
    });
  });

  it('replaces a link instead of writing through it', () => {
    const archive = tarOf(
      { name: 'f', type: '2', link: bench.secret },
      { name: 'f', content: 'overwritten' },
    );
    expect(bench.untar(archive).status).to.equal(0);
    expect(lstatSync(join(bench.root, 'f')).isFile()).to.equal(true);
  });

  it('replaces a link by a folder instead of using the folder behind it', () => {
    const archive = tarOf(
      { name: 'd', type: '2', link: bench.outside },
      { name: 'd/', type: '5', mode: 0o777 },
      { name: 'd/new', content: 'x' },
    );
    const before = statSync(bench.outside).mode;
    expect(bench.untar(archive).status).to.equal(0);
    expect(lstatSync(join(bench.root, 'd')).isDirectory()).to.equal(true);
    expect(statSync(bench.outside).mode).to.equal(before);
  });

  it('does not use a folder that it had open after a link took its place', () => {
    const archive = tarOf(
      { name: 'd/', type: '5', mode: 0o755 },
      { name: 'd/one', content: '1' },
      { name: 'd', type: '2', link: '/e' },
      { name: 'e/', type: '5', mode: 0o755 },
      { name: 'd/two', content: '2' },
    );
    expect(bench.untar(archive).status).to.equal(0);
    expect(readdirSync(join(bench.root, 'e'))).to.deep.equal(['two']);
  });

  it('links only to files below the root', () => {
    for (const link of ['../outside/secret', bench.secret]) {
      const { status } = bench.untar(tarOf({ name: 'f', type: '1', link }));
      expect(status, link).to.equal(1);
      expect(existsSync(join(bench.root, 'f'))).to.equal(false);
    }
  });

  it('does not make hard links through links that lead out', () => {
    const archive = tarOf(
      { name: 'way', type: '2', link: bench.outside },
      { name: 'f', type: '1', link: 'way/secret' },
    );
    expect(bench.untar(archive).status).to.equal(1);
    expect(statSync(bench.secret).nlink).to.equal(1);
  });

  it('links a link itself, not what it points to', () => {
    const archive = tarOf(
      { name: 'a', type: '2', link: bench.secret },
      { name: 'b', type: '1', link: 'a' },
      { name: 'b', content: 'overwritten' },
    );
    expect(bench.untar(archive).status).to.equal(0);
    expect(statSync(bench.secret).nlink).to.equal(1);
  });

  it('changes no mode, owner or time through a link', () => {
    const before = statSync(bench.secret);
    const archive = tarOf({
      name: 'l',
      type: '2',
      link: bench.secret,
      mode: 0o777,
      uid: 1,
      gid: 1,
      mtime: 1,
    });
    expect(bench.untar(archive).status).to.equal(0);
    const after = statSync(bench.secret);
    expect([after.mode, after.uid, after.mtimeMs]).to.deep.equal([
      before.mode,
      before.uid,
      before.mtimeMs,
    ]);
    expect(readlinkSync(join(bench.root, 'l'))).to.equal(bench.secret);
  });

  it('refuses whiteouts that name the folder or its parent', () => {
    for (const name of ['d/.wh..', 'd/.wh...', 'd/.wh.']) {
      const archive = tarOf({ name: 'd/', type: '5', mode: 0o755 }, { name });
      expect(bench.untar(archive).status, name).to.equal(1);
    }
  });

  it("does not let an archive set the overlay's own attributes", () => {
    const archive = tarOf({
      name: 'd/',
      type: '5',
      mode: 0o755,
      pax: { 'SCHILY.xattr.trusted.overlay.redirect': '/etc' },
    });
    const { status, result } = bench.untar(archive);
    expect(status).to.equal(0);
    expect(result.skippedXattrs).to.deep.equal(['trusted.overlay.redirect']);
  });

  it('refuses a name with a NUL inside', () => {
    const archive = tarOf({ name: 'x', pax: { path: Buffer.from('a\0b') } });
    expect(bench.untar(archive).status).to.equal(1);
  });

  it('reports an archive that ends early, at every length', () => {
    const whole = tarOf({ name: 'f', content: 'x'.repeat(700), pax: { mtime: '1.5' } });
    for (const length of [1, 511, 513, 1024, 1300, 1600, 2200]) {
      const { status, failure } = bench.untar(whole.subarray(0, length));
      expect(status, `cut at ${length}`).to.equal(1);
      expect(failure.message).to.match(/truncated|not a tar/);
    }
  });

  it('takes an archive that ends with its last file, as umoci writes it', () => {
    const whole = tarOf({ name: 'f', content: 'x'.repeat(700) });
    for (const length of [512 + 700, 512 + 1000, 512 + 1024]) {
      expect(bench.untar(whole.subarray(0, length)).status, `cut at ${length}`).to.equal(0);
      expect(statSync(join(bench.root, 'f')).size).to.equal(700);
    }
  });

  it('reports an empty archive and one that is none', () => {
    expect(bench.untar(Buffer.alloc(0)).failure.message).to.equal('the archive is empty');
    expect(bench.untar(Buffer.alloc(4096, 'x')).failure.message).to.contain('not a tar archive');
  });

  it('reports a size that the archive does not have, without taking the memory', () => {
    const lying = Buffer.concat(entryBlocks({ name: 'f', content: 'x', size: 0o7777777777 }));
    expect(bench.untar(lying).failure.message).to.contain('truncated');
    const header = Buffer.concat(entryBlocks({ name: 'h', type: 'x', size: 0o7777777777 }));
    expect(bench.untar(header).failure.message).to.contain('too large');
  });

  it('digests what follows the archive, and does not unpack it', () => {
    const honest = tarOf({ name: 'f', content: 'x' });
    const trailing = Buffer.concat([honest, ...entryBlocks({ name: 'late', content: 'x' })]);
    const { status, result } = bench.untar(trailing);
    expect(status).to.equal(0);
    expect(result.size).to.equal(trailing.length);
    expect(readdirSync(bench.root)).to.deep.equal(['f']);
  });
});
