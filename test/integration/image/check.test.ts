import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  checkStore,
  importImage,
  listImages,
  pruneImages,
  resolveImage,
  type StoreFault,
  storeUsage,
} from '../../../src/image/index.ts';
import type { StateRoots } from '../../../src/state/index.ts';
import { tarOf } from '../../support/hostile-tar.ts';
import { nativeBinary } from '../../support/untar-bench.ts';

const containerId = 'c'.repeat(64);

describe('the image store, checked again', () => {
  let folder: string;
  let roots: StateRoots;
  let running: Map<string, string>;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'coracle-check-'));
    roots = { data: join(folder, 'data'), run: join(folder, 'run') };
    running = new Map();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function add(name: string, content: string, created = '2026-01-02T03:04:05Z') {
    const path = join(folder, 'rootfs.tar');
    writeFileSync(
      path,
      tarOf(
        { name: 'etc/', type: '5', mode: 0o755 },
        { name: 'etc/motd', content, mode: 0o644 },
        { name: 'etc/issue', type: '2', link: 'motd' },
      ),
    );
    const { id } = await importImage(path, { roots, native: nativeBinary, created, name });
    const [layer = ''] = resolveImage(roots, id).layerPaths;
    return { id, layer, motd: join(layer, 'etc/motd') };
  }

  const check = (repair = true) =>
    checkStore({ roots, native: nativeBinary, repair, running: async () => running });
  const told = (faults: readonly StoreFault[]) =>
    faults.map(({ kind, problem, images, isRepaired }) => [
      kind,
      problem,
      images.join(),
      isRepaired,
    ]);
  const blobPath = (hex: string) => join(roots.data, 'images/blobs/sha256', hex);
  const blobOf = (name: string) => {
    const index = JSON.parse(readFileSync(join(roots.data, 'images/index.json'), 'utf8'));
    const entry = index.manifests.find((one: { annotations: Record<string, string> }) =>
      Object.values(one.annotations).includes(name),
    );
    const manifest = JSON.parse(readFileSync(blobPath(entry.digest.slice(7)), 'utf8'));
    return blobPath(manifest.layers[0].digest.slice(7));
  };
  const leftovers = () =>
    ['images/ingest', 'layers'].flatMap((name) =>
      readdirSync(join(roots.data, name)).filter((entry) => entry.endsWith('.new')),
    );

  it('finds nothing in a store that is as it was made', async () => {
    await add('a:1', 'hello');
    expect(await check()).to.deep.include({ faults: [], layers: 1, blobs: 3 });
    expect(leftovers()).to.deep.equal([]);
  });

  it('unpacks a layer again whose files are cut short, changed, gone or too many', async () => {
    const { motd, layer } = await add('a:1', 'hello');
    const damages: [() => void, string][] = [
      [() => writeFileSync(motd, ''), 'etc/motd has another size'],
      [() => writeFileSync(motd, 'jello'), 'etc/motd has other content'],
      [() => chmodSync(motd, 0o666), 'etc/motd has another mode'],
      [() => rmSync(motd), 'etc/motd is missing'],
      [() => writeFileSync(join(layer, 'more'), ''), 'more does not belong there'],
      [() => rmSync(layer, { recursive: true }), 'is not unpacked'],
    ];
    for (const [damage, problem] of damages) {
      damage();
      expect(told((await check(false)).faults)).to.deep.equal([['layer', problem, 'a:1', false]]);
      expect(told((await check()).faults)).to.deep.equal([['layer', problem, 'a:1', true]]);
      expect((await check()).faults, problem).to.deep.equal([]);
      expect(readFileSync(motd, 'utf8')).to.equal('hello');
    }
    expect(leftovers()).to.deep.equal([]);
  });

  it('does not replace what a running container has mounted', async () => {
    const { motd, layer } = await add('a:1', 'hello');
    const container = join(roots.data, 'containers', containerId);
    mkdirSync(container, { recursive: true });
    writeFileSync(join(container, 'shim.json'), JSON.stringify({ overlay: { lower: [layer] } }));
    running.set(containerId, 'web-1');
    appendFileSync(motd, '!');
    const [fault] = (await check()).faults;
    expect(fault).to.include({ isRepaired: false, hint: 'Stop web-1 and check again.' });
    expect(readFileSync(motd, 'utf8')).to.equal('hello!');
    running.clear();
    expect((await check()).faults[0]?.isRepaired).to.equal(true);
    expect(readFileSync(motd, 'utf8')).to.equal('hello');
  });

  it('removes a blob with another digest, and says which image has to be brought again', async () => {
    await add('a:1', 'hello');
    const blob = blobOf('a:1');
    appendFileSync(blob, 'x');
    const { faults } = await check(false);
    expect(faults.map(({ kind, images, isRepaired }) => [kind, images, isRepaired])).to.deep.equal([
      ['blob', ['a:1'], false],
    ]);
    expect(faults[0]?.hint).to.match(/coracle pull a:1/);
    expect(existsSync(blob)).to.equal(true);
    await check();
    expect(existsSync(blob)).to.equal(false);
    expect(told((await check()).faults)).to.deep.equal([['blob', 'is missing', 'a:1', false]]);
    await add('a:1', 'hello');
    expect((await check()).faults).to.deep.equal([]);
  });

  it('says which image and which container have lost what they are made of', async () => {
    const { id, layer } = await add('a:1', 'hello');
    const config = blobPath(id.slice(7));
    writeFileSync(config, readFileSync(config, 'utf8').replace('2026', '2027'));
    const container = join(roots.data, 'containers', containerId);
    mkdirSync(container, { recursive: true });
    const lower = [join(layer, '..', 'd'.repeat(64))];
    writeFileSync(join(container, 'shim.json'), JSON.stringify({ overlay: { lower } }));
    const kinds = async (repair: boolean) =>
      (await check(repair)).faults.map(({ kind, name }) => `${kind} ${name}`);
    const lost = `container ${containerId.slice(0, 12)}`;
    expect(await kinds(false)).to.deep.equal([`blob ${id}`, 'image a:1', lost]);
    expect(await kinds(true)).to.deep.equal([`blob ${id}`, 'image a:1', lost, 'garbage store']);
    expect(await kinds(true)).to.deep.equal([lost]);
    expect(listImages(roots)).to.deep.equal([]);
  });

  it('collects what nothing needs', async () => {
    await add('a:1', 'hello');
    const blob = blobPath('e'.repeat(64));
    writeFileSync(blob, 'nobody’s');
    mkdirSync(join(roots.data, 'layers', '1.999999999-1.new'));
    const before = (await check(false)).faults;
    expect(before.map(({ kind }) => kind)).to.deep.equal(['garbage', 'blob', 'garbage']);
    expect(existsSync(blob)).to.equal(true);
    expect((await check()).faults.every(({ isRepaired }) => isRepaired)).to.equal(true);
    expect((await check()).faults).to.deep.equal([]);
    expect(leftovers()).to.deep.equal([]);
  });

  it('counts a layer that images share once, and says what would become free', async () => {
    const a = await add('a:1', 'hello'.repeat(20_000));
    await add('b:1', 'hello'.repeat(20_000), '2026-02-02T03:04:05Z');
    await add('c:1', 'other'.repeat(20_000));
    const { images, size, sizeOf } = await storeUsage(roots);
    const [one = 0] = images.map((usage) => usage.size);
    expect(one).to.be.greaterThan(200_000);
    expect(size).to.equal(2 * one);
    const shared = images.map(({ image, shared: bytes }) => [image.RepoTags?.[0], bytes]);
    expect(Object.fromEntries(shared)).to.deep.equal({ 'a:1': one, 'b:1': one, 'c:1': 0 });
    expect(sizeOf(({ Id }) => Id === a.id)).to.equal(one);
  });

  it('prunes images without a name, or all that no container has, and says what became free', async () => {
    const old = await add('a:1', 'old'.repeat(10_000));
    const named = await add('a:1', 'new'.repeat(10_000));
    const used = await add('b:1', 'used');
    const names = () => listImages(roots).map(({ Id }) => Id);
    const inUse = async () => new Set([used.id]);
    const dangling = await pruneImages(roots, { used: inUse });
    expect(dangling.removals).to.deep.include({ Deleted: old.id });
    expect(dangling.bytes).to.be.greaterThan(60_000);
    expect(names()).to.have.members([named.id, used.id]);
    const spared = await pruneImages(roots, { used: inUse, all: true, isWanted: () => false });
    expect(spared).to.deep.equal({ removals: [], bytes: 0 });
    const all = await pruneImages(roots, { used: inUse, all: true });
    expect(all.removals.slice(0, 2)).to.deep.equal([{ Untagged: 'a:1' }, { Deleted: named.id }]);
    expect(names()).to.deep.equal([used.id]);
    expect((await check()).faults).to.deep.equal([]);
  });
});
