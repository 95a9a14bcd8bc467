import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { StateRoots } from '../../../src/state/index.ts';
import {
  anonymousLabel,
  createVolume,
  findVolume,
  listVolumes,
  readDriverOptions,
  removeVolume,
  seedVolume,
  volumePaths,
  volumeSource,
  volumeView,
} from '../../../src/volume/index.ts';

const created = '2026-11-23T12:00:00Z';

/** Stands for the native side: "copies" one file, removes trees, fails on request. */
class RecordedTrees {
  readonly seeds: string[] = [];
  image = ['from-image'];
  failure: Error | undefined;

  async request(op: string, fields: { path: string; target?: string }): Promise<object> {
    await Promise.resolve();
    if (op === 'tree.remove') {
      rmSync(fields.path, { recursive: true });
      return {};
    }
    this.seeds.push(fields.path);
    // As the native side does, it leaves alone what is not empty.
    if (fields.target !== undefined && readdirSync(fields.target).length === 0) {
      for (const name of this.image) writeFileSync(join(fields.target, name), '');
    }
    if (this.failure !== undefined) throw this.failure;
    return {};
  }
}

describe('volumes', () => {
  let roots: StateRoots;
  let native: RecordedTrees;

  beforeEach(() => {
    const base = mkdtempSync(join(tmpdir(), 'coracle-volumes-'));
    roots = { data: join(base, 'data'), run: join(base, 'run') };
    native = new RecordedTrees();
  });
  afterEach(() => rmSync(join(roots.data, '..'), { recursive: true }));

  const create = (options: object) => createVolume(roots, options, created);
  const failure = async (promise: Promise<unknown>) =>
    promise.then(
      () => {
        throw new Error('did not fail');
      },
      (error: Error) => error,
    );

  it('are shown as Docker shows them', () => {
    const record = create({ Name: 'shop_db', Labels: { a: 'b' } });
    expect(volumeView(roots, record)).to.deep.equal({
      CreatedAt: created,
      Driver: 'local',
      Labels: { a: 'b' },
      Mountpoint: join(roots.data, 'volumes', 'shop_db', '_data'),
      Name: 'shop_db',
      Options: null,
      Scope: 'local',
    });
    expect(existsSync(volumePaths(roots, 'shop_db').data)).to.equal(true);
  });

  it('can be created again without harm; the first labels stay', () => {
    create({ Name: 'db', Labels: { first: '1' } });
    expect(create({ Name: 'db', Labels: { second: '2' } }).labels).to.deep.equal({ first: '1' });
    expect(readdirSync(join(roots.data, 'volumes'))).to.deep.equal(['db']);
  });

  it('are not mixed up with those of other options', () => {
    const options = { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' };
    create({ Name: 'db', DriverOpts: options });
    expect(create({ Name: 'db' }).options).to.deep.equal(options);
    expect(() => create({ Name: 'db', DriverOpts: { ...options, o: 'size=2m' } }))
      .to.throw('volume "db" already exists with other driver options')
      .that.includes({ code: 'VOLUME_NAME_TAKEN' });
  });

  it('without a name are anonymous', () => {
    const record = create({});
    expect(record.name).to.match(/^[0-9a-f]{64}$/);
    expect(record.labels).to.deep.equal({ [anonymousLabel]: '' });
  });

  it('are listed by name and found', () => {
    for (const Name of ['bb', 'aa']) create({ Name });
    expect(listVolumes(roots).map(({ name }) => name)).to.deep.equal(['aa', 'bb']);
    expect(findVolume(roots, 'aa').name).to.equal('aa');
    for (const name of ['cc', '../aa', '..', '']) {
      expect(() => findVolume(roots, name), name).to.throw(`no such volume: ${name}`);
    }
  });

  for (const name of ['a', 'a b', '../x', '.hidden', '-x', 'x/y']) {
    it(`refuse the name "${name}"`, () => {
      expect(() => create({ Name: name }))
        .to.throw()
        .that.includes({ code: 'VOLUME_NAME_INVALID' });
    });
  }

  it('of other drivers, or with unknown options, are refused', () => {
    expect(() => create({ Name: 'db', Driver: 'rexray' }))
      .to.throw('driver "rexray"')
      .that.includes({ code: 'VOLUME_DRIVER_UNSUPPORTED' });
    for (const DriverOpts of [{ foo: '1' }, { type: 'nfs', o: 'addr=1.2.3.4', device: ':/x' }]) {
      expect(() => create({ Name: 'db', DriverOpts: { ...DriverOpts } }))
        .to.throw('volume "db"')
        .that.includes({ code: 'VOLUME_OPTION_UNSUPPORTED' });
    }
    expect(listVolumes(roots)).to.deep.equal([]);
  });

  it('may be binds and tmpfs', () => {
    expect(volumeSource(create({ Name: 'plain' }))).to.deep.equal({ kind: 'folder' });
    expect(
      readDriverOptions('v', { type: 'none', device: '/srv/data', o: 'bind,ro' }),
    ).to.deep.equal({ kind: 'bind', source: '/srv/data', recursive: false, readOnly: true });
    expect(
      readDriverOptions('v', { type: 'tmpfs', device: 'tmpfs', o: 'size=100m,uid=1000' }),
    ).to.deep.equal({ kind: 'tmpfs', options: ['size=100m', 'uid=1000'] });
    expect(() => readDriverOptions('v', { type: 'none', device: 'x', o: 'bind' })).to.throw(
      'must be an absolute path',
    );
  });

  it('are removed with their data, unless a container uses them', async () => {
    create({ Name: 'db' });
    const users = [{ id: 'ab'.repeat(32), name: 'shop-db-1' }];
    expect(await failure(removeVolume(roots, native, 'db', users))).to.include({
      code: 'VOLUME_IN_USE',
      message: 'volume db is in use by shop-db-1 (abababababab)',
    });
    await removeVolume(roots, native, 'db', []);
    expect(readdirSync(join(roots.data, 'volumes'))).to.deep.equal([]);
    expect(await failure(removeVolume(roots, native, 'db', []))).to.include({
      code: 'VOLUME_NOT_FOUND',
    });
    expect(await failure(removeVolume(roots, native, '../volumes', []))).to.include({
      code: 'VOLUME_NOT_FOUND',
    });
  });

  it('leave nothing of removals that were killed half-way', async () => {
    create({ Name: 'db' });
    const dead = spawnSync('true').pid;
    const folder = join(roots.data, 'volumes');
    mkdirSync(join(folder, `.old.${dead}.3.removed`));
    mkdirSync(join(folder, `.busy.${process.pid}.4`));
    await removeVolume(roots, native, 'db', []);
    expect(readdirSync(folder)).to.deep.equal([`.busy.${process.pid}.4`]);
  });

  describe('are filled from the image', () => {
    const seed = (volume: string, options: object = {}) =>
      seedVolume(roots, native, {
        volume,
        lower: ['/l'],
        path: '/data',
        noCopy: false,
        ...options,
      });

    it('once, when they are new and empty', async () => {
      create({ Name: 'db' });
      expect(await seed('db')).to.equal(true);
      rmSync(join(volumePaths(roots, 'db').data, 'from-image'));
      expect(await seed('db')).to.equal(false);
      expect(native.seeds).to.deep.equal(['/data']);
    });

    it('once, also when two containers start together', async () => {
      create({ Name: 'db' });
      expect(await Promise.all([seed('db'), seed('db')])).to.deep.equal([true, false]);
    });

    it('again where the first attempt broke off', async () => {
      create({ Name: 'db' });
      native.failure = new Error('killed');
      expect((await failure(seed('db'))).message).to.equal('killed');
      native.failure = undefined;
      native.image = ['whole', 'content'];
      expect(await seed('db')).to.equal(true);
      expect(readdirSync(volumePaths(roots, 'db').data)).to.deep.equal(['content', 'whole']);
      expect(await seed('db')).to.equal(false);
    });

    it('later, where the first image had nothing there', async () => {
      create({ Name: 'db' });
      native.image = [];
      expect(await seed('db')).to.equal(false);
      native.image = ['from-image'];
      expect(await seed('db')).to.equal(true);
    });

    it('without touching what a container has that wanted no copy', async () => {
      create({ Name: 'db' });
      native.failure = new Error('killed');
      await failure(seed('db'));
      native.failure = undefined;
      expect(await seed('db', { noCopy: true })).to.equal(false);
      writeFileSync(join(volumePaths(roots, 'db').data, 'mine'), '');
      expect(await seed('db')).to.equal(false);
      expect(readdirSync(volumePaths(roots, 'db').data)).to.include('mine');
    });

    it('not where somebody put something in, with nocopy, or where they are no folders', async () => {
      create({ Name: 'filled' });
      writeFileSync(join(volumePaths(roots, 'filled').data, 'mine'), '');
      create({ Name: 'empty' });
      create({ Name: 'tmp', DriverOpts: { type: 'tmpfs', device: 'tmpfs' } });
      expect(await seed('filled')).to.equal(false);
      expect(await seed('empty', { noCopy: true })).to.equal(false);
      expect(await seed('tmp')).to.equal(false);
      expect(native.seeds).to.deep.equal([]);
    });
  });
});
