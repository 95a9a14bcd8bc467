import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { NativeClient } from '../../../src/runtime/index.ts';
import { nativeBinary } from '../../support/untar-bench.ts';

describe('folders that containers have written to', () => {
  let folder: string;
  let client: NativeClient;
  let mountsBefore: string;
  beforeEach(() => {
    // In memory: thousands of folders on a busy disk take minutes.
    folder = mkdtempSync('/dev/shm/coracle-tree-');
    client = new NativeClient(nativeBinary);
    mountsBefore = readFileSync('/proc/self/mountinfo', 'utf8');
  });
  afterEach(async () => {
    await client.close();
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).to.equal(mountsBefore);
    execFileSync('rm', ['-rf', folder]);
  });
  const at = (...names: string[]) => join(folder, ...names);

  async function failure(work: Promise<unknown>): Promise<string> {
    try {
      await work;
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('expected a failure');
  }

  describe('tree.remove', () => {
    it('removes what links point from, not what they point to', async () => {
      mkdirSync(at('outside'));
      writeFileSync(at('outside', 'keep'), 'x');
      mkdirSync(at('tree', 'deep'), { recursive: true });
      symlinkSync(at('outside'), at('tree', 'deep', 'link'));
      await client.request('tree.remove', { path: at('tree') });
      expect(readdirSync(folder)).to.deep.equal(['outside']);
      expect(readdirSync(at('outside'))).to.deep.equal(['keep']);
      symlinkSync(at('outside'), at('link'));
      await client.request('tree.remove', { path: at('link') });
      expect(readdirSync(at('outside'))).to.deep.equal(['keep']);
    });

    it('takes a missing tree for removed', async () => {
      await client.request('tree.remove', { path: at('never', 'was') });
    });

    it('removes trees deeper than descriptors and paths last', async () => {
      const script =
        'import os\nfor i in range(3000):\n os.mkdir("dir"); os.chdir("dir"); open("f","w").close()';
      mkdirSync(at('tree'));
      execFileSync('python3', ['-c', script], { cwd: at('tree') });
      await client.request('tree.remove', { path: at('tree') });
      expect(existsSync(at('tree'))).to.equal(false);
    });

    it('removes folders of more entries than one read returns', async () => {
      mkdirSync(at('tree'));
      for (let i = 0; i < 2000; i += 1)
        mkdirSync(at('tree', `folder-${i}`, 'sub'), { recursive: true });
      await client.request('tree.remove', { path: at('tree') });
      expect(existsSync(at('tree'))).to.equal(false);
    });

    it('stops at a mount that was left behind, and names it', async () => {
      mkdirSync(at('outside'));
      writeFileSync(at('outside', 'keep'), 'x');
      mkdirSync(at('tree', 'mnt'), { recursive: true });
      execFileSync('mount', ['--bind', at('outside'), at('tree', 'mnt')]);
      try {
        const message = await failure(client.request('tree.remove', { path: at('tree') }));
        expect(message).to.contain('tree/mnt').and.to.contain('something is mounted on it');
        expect(readdirSync(at('outside'))).to.deep.equal(['keep']);
      } finally {
        execFileSync('umount', [at('tree', 'mnt')]);
      }
    });
  });

  describe('volume.seed', () => {
    const seed = (path: string) =>
      client.request('volume.seed', { lower: [at('top'), at('base')], path, target: at('volume') });

    beforeEach(() => {
      mkdirSync(at('base', 'srv', 'data', 'sub'), { recursive: true });
      mkdirSync(at('top', 'srv', 'data'), { recursive: true });
      mkdirSync(at('volume'));
      writeFileSync(at('base', 'srv', 'data', 'low'), 'low');
      writeFileSync(at('base', 'srv', 'data', 'gone'), 'gone');
      writeFileSync(at('base', 'srv', 'data', 'both'), 'low');
      writeFileSync(at('top', 'srv', 'data', 'both'), 'top');
      execFileSync('mknod', [at('top', 'srv', 'data', 'gone'), 'c', '0', '0']);
      chmodSync(at('top', 'srv', 'data'), 0o1750);
      chownSync(at('top', 'srv', 'data'), 999, 998);
    });

    it('copies what the layers show together, owner and mode of the folder included', async () => {
      await seed('/srv/data');
      expect(readdirSync(at('volume')).sort()).to.deep.equal(['both', 'low', 'sub']);
      expect(readFileSync(at('volume', 'both'), 'utf8')).to.equal('top');
      const { mode, uid, gid } = statSync(at('volume'));
      expect([mode & 0o7777, uid, gid]).to.deep.equal([0o1750, 999, 998]);
    });

    it('keeps links, hard links and holes', async () => {
      const data = at('base', 'srv', 'data');
      linkSync(join(data, 'low'), join(data, 'sub', 'again'));
      symlinkSync('/nowhere', join(data, 'link'));
      execFileSync('truncate', ['-s', '50M', join(data, 'sparse')]);
      await seed('/srv/data');
      const volume = at('volume');
      expect(statSync(join(volume, 'low')).ino).to.equal(statSync(join(volume, 'sub/again')).ino);
      expect(lstatSync(join(volume, 'link')).isSymbolicLink()).to.equal(true);
      const sparse = statSync(join(volume, 'sparse'));
      expect([sparse.size, sparse.blocks]).to.deep.equal([50 * 1024 * 1024, 0]);
    });

    it('resolves links on the way inside the image', async () => {
      mkdirSync(at('secret'));
      writeFileSync(at('secret', 'f'), 'of the host');
      symlinkSync(at('secret'), at('top', 'absolute'));
      symlinkSync('../../../../../../../../srv/data', at('top', 'climbing'));
      await seed('/absolute');
      expect(readdirSync(at('volume'))).to.deep.equal([]);
      await seed('/climbing');
      expect(readdirSync(at('volume'))).to.include('low');
    });

    it('does nothing for a path that the image has not, or a volume in use', async () => {
      await seed('/not/there');
      expect(readdirSync(at('volume'))).to.deep.equal([]);
      writeFileSync(at('volume', 'mine'), 'x');
      await seed('/srv/data');
      expect(readdirSync(at('volume'))).to.deep.equal(['mine']);
      rmSync(at('volume', 'mine'));
    });
  });
});
