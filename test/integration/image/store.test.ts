import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { type ErrorCode, isAppError } from '../../../src/core/index.ts';
import {
  importImage,
  inspectImage,
  listImages,
  loadImages,
  pruneImages,
  removeImage,
  resolveImage,
  tagImage,
} from '../../../src/image/index.ts';
import type { StateRoots } from '../../../src/state/index.ts';
import { eventually } from '../../support/eventually.ts';
import { type TarEntry, tarOf } from '../../support/hostile-tar.ts';
import { nativeBinary } from '../../support/untar-bench.ts';

const created = '2026-01-02T03:04:05Z';
const nobody = { usedBy: () => [] };

async function failure(code: ErrorCode, work: Promise<unknown> | (() => unknown)): Promise<Error> {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    if (isAppError(error, code)) return error;
    throw error;
  }
  throw new Error(`expected ${code}`);
}

function hasProgram(name: string): boolean {
  return spawnSync(name, ['--version']).error === undefined;
}

describe('the image store', () => {
  let folder: string;
  let roots: StateRoots;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'coracle-store-'));
    roots = { data: join(folder, 'data'), run: join(folder, 'run') };
  });
  afterEach(() => {
    expect(unfinished(), 'unfinished entries').to.deep.equal([]);
    rmSync(folder, { recursive: true, force: true });
  });

  function unfinished(): string[] {
    return ['images/ingest', 'layers', 'images'].flatMap((name) => {
      const path = join(roots.data, name);
      return existsSync(path)
        ? readdirSync(path).filter((entry) => /\.new$|^lock/.test(entry))
        : [];
    });
  }

  function archive(name: string, content: string): string {
    const path = join(folder, name);
    writeFileSync(
      path,
      tarOf({ name: './', type: '5', mode: 0o755 }, { name: 'etc/motd', content, mode: 0o644 }),
    );
    return path;
  }

  function add(name: string, content = name, changes: string[] = []) {
    const path = archive('rootfs.tar', content);
    return importImage(path, { roots, native: nativeBinary, created, name, changes });
  }

  it('imports a root file system and resolves it by name, id and digest', async () => {
    const { id, reference } = await add('acme/base', 'hello', ['CMD ["sh"]', 'ENV A=1']);
    expect(reference).to.equal('acme/base:latest');
    const image = resolveImage(roots, 'acme/base');
    expect(image).to.include({ id, reference: 'acme/base:latest' });
    expect(image.config).to.deep.equal({ Cmd: ['sh'], Env: ['A=1'] });
    expect(readFileSync(join(image.layerPaths[0] ?? '', 'etc/motd'), 'utf8')).to.equal('hello');
    const [digest = ''] = inspectImage(roots, id).RepoDigests;
    for (const name of [id, id.slice(7), id.slice(7, 19), digest, 'docker.io/acme/base:latest']) {
      expect(resolveImage(roots, name).id, name).to.equal(id);
    }
    await failure('IMAGE_NOT_FOUND', () => resolveImage(roots, 'acme/base:2'));
    await failure('IMAGE_NOT_FOUND', () => resolveImage(roots, 'ffffffff'));
    await failure('IMAGE_REFERENCE_INVALID', () => resolveImage(roots, 'acme/Base'));
  });

  it('gives the same id to the same content, and stores it once', async () => {
    const first = await add('a:1', 'same');
    const second = await add('b:1', 'same');
    expect(second.id).to.equal(first.id);
    expect(readdirSync(join(roots.data, 'layers'))).to.have.length(1);
    expect(inspectImage(roots, 'a:1').RepoTags).to.deep.equal(['a:1', 'b:1']);
  });

  it('moves a name to the newer image and keeps the older one without it', async () => {
    const older = await add('a:1', 'one');
    const newer = await add('a:1', 'two');
    expect(resolveImage(roots, 'a:1').id).to.equal(newer.id);
    expect(inspectImage(roots, older.id).RepoTags).to.deep.equal([]);
    expect(
      listImages(roots, { filters: { dangling: ['true'] } }).map(({ Id }) => Id),
    ).to.deep.equal([older.id]);
  });

  it('removes names first, and the content with the last one', async () => {
    const { id } = await add('a:1');
    await tagImage(roots, 'a:1', 'b:2');
    await failure('IMAGE_IN_USE', removeImage(roots, id, nobody));
    expect(await removeImage(roots, 'a:1', nobody)).to.deep.equal([{ Untagged: 'a:1' }]);
    const removals = await removeImage(roots, 'b:2', nobody);
    expect(removals.slice(0, 2)).to.deep.equal([{ Untagged: 'b:2' }, { Deleted: id }]);
    expect(readdirSync(join(roots.data, 'layers'))).to.deep.equal([]);
    expect(readdirSync(join(roots.data, 'images/blobs/sha256'))).to.deep.equal([]);
  });

  it('keeps the image of a container, and with force its layers and record', async () => {
    const { id } = await add('a:1');
    const usedBy = () => ['web-1'];
    expect((await failure('IMAGE_IN_USE', removeImage(roots, 'a:1', { usedBy }))).message).to.equal(
      'image "a:1" is used by web-1',
    );
    await removeImage(roots, 'a:1', { usedBy, force: true });
    expect(resolveImage(roots, id).layerPaths).to.have.length(1);
  });

  it("never collects the layers that a container's record names", async () => {
    await add('a:1');
    const { layerPaths } = resolveImage(roots, 'a:1');
    const container = join(roots.data, 'containers', 'f'.repeat(64));
    mkdirSync(container, { recursive: true });
    writeFileSync(join(container, 'shim.json'), JSON.stringify({ overlay: { lower: layerPaths } }));
    await removeImage(roots, 'a:1', nobody);
    expect(existsSync(layerPaths[0] ?? '')).to.equal(true);
    rmSync(container, { recursive: true });
    await pruneImages(roots, { used: async () => new Set() });
    expect(existsSync(layerPaths[0] ?? '')).to.equal(false);
  });

  it('says so when content is damaged or a layer is gone', async () => {
    const { id } = await add('a:1', 'x', ['ENV GONE=1']);
    rmSync(resolveImage(roots, 'a:1').layerPaths[0] ?? '', { recursive: true });
    await failure('IMAGE_LAYER_MISSING', () => resolveImage(roots, 'a:1'));
    await add('a:1', 'x', ['ENV GONE=1']);
    expect(resolveImage(roots, 'a:1').id).to.equal(id);
    const other = await add('b:1', 'x', ['ENV DAMAGED=1']);
    const blob = join(roots.data, 'images/blobs/sha256', other.id.slice(7));
    writeFileSync(blob, readFileSync(blob, 'utf8').replace('DAMAGED=1', 'DAMAGED=2'));
    await failure('IMAGE_CONTENT_DAMAGED', () => resolveImage(roots, 'b:1'));
  });

  it('leaves nothing of an import that fails', async () => {
    const path = join(folder, 'bad.tar');
    writeFileSync(path, tarOf({ name: 'f', content: 'x' }, { name: '../f', content: 'x' }));
    const error = await failure(
      'IMAGE_ARCHIVE_INVALID',
      importImage(path, { roots, native: nativeBinary, created, name: 'a' }),
    );
    expect(error.message).to.equal('archive: "../f": the name leads out of the root folder');
    expect(listImages(roots)).to.deep.equal([]);
    expect(readdirSync(join(roots.data, 'layers'))).to.deep.equal([]);
  });

  it('forgets an import that was killed, and takes its lock over', async () => {
    const script = `
      import { importImage } from '${resolve('src/image/index.ts')}';
      await importImage(0, { roots: ${JSON.stringify(roots)}, native: '${nativeBinary}', created: '${created}', name: 'a' });
    `;
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', script],
      { stdio: ['pipe', 'inherit', 'inherit'] },
    );
    // The first half of an archive; the other never comes.
    child.stdin?.write(
      tarOf({ name: 'f', content: Buffer.alloc(600_000, 7) }).subarray(0, 400_000),
    );
    await eventually(() => expect(unfinished()).to.have.length(2));
    child.kill('SIGKILL');
    await once(child, 'exit');
    child.stdin?.destroy();
    // As if it had been killed while it held the store's lock.
    writeFileSync(join(roots.data, 'images/lock'), `${child.pid} 1\n`);
    expect(listImages(roots)).to.deep.equal([]);
    const { id } = await add('b');
    expect(listImages(roots).map(({ Id }) => Id)).to.deep.equal([id]);
    expect(readdirSync(join(roots.data, 'layers'))).to.have.length(1);
  });

  it('takes imports side by side, of this process and of others', async () => {
    const names = ['a:1', 'b:1', 'c:1', 'd:1'];
    await Promise.all(
      names.map((name) => {
        const path = archive(`${name}.tar`, name);
        return importImage(path, { roots, native: nativeBinary, created, name });
      }),
    );
    expect(
      listImages(roots)
        .flatMap(({ RepoTags }) => RepoTags ?? [])
        .sort(),
    ).to.deep.equal(names);
  });

  describe('beside other programs', () => {
    const sample = () => add('acme/web:2', 'content', ['CMD ["sh"]', 'LABEL a=b']);

    it('is an image layout that skopeo reads', async function () {
      if (!hasProgram('skopeo')) return skip(this, 'skopeo is not installed');
      const { id } = await sample();
      const layout = `oci:${join(roots.data, 'images')}:acme/web:2`;
      const seen = JSON.parse(execFileSync('skopeo', ['inspect', layout]).toString());
      const own = inspectImage(roots, id);
      expect(own.RepoDigests).to.deep.equal([`acme/web@${seen.Digest}`]);
      expect(seen.Layers).to.deep.equal(own.RootFS.Layers);
      expect(seen.Labels).to.deep.equal({ a: 'b' });
    });

    it('unpacks in umoci to the same files', async function () {
      if (!hasProgram('umoci')) return skip(this, 'umoci is not installed');
      await sample();
      const bundle = join(folder, 'bundle');
      execFileSync('umoci', [
        'unpack',
        '--image',
        `${join(roots.data, 'images')}:acme/web:2`,
        bundle,
      ]);
      expect(readFileSync(join(bundle, 'rootfs/etc/motd'), 'utf8')).to.equal('content');
    });

    for (const [kind, zip] of [
      ['docker-archive', false],
      ['docker-archive', true],
      ['oci-archive', false],
    ] as const) {
      it(`loads ${zip ? 'zipped ' : ''}${kind} of skopeo with the digests it had`, async function () {
        if (!hasProgram('skopeo')) return skip(this, 'skopeo is not installed');
        const { id } = await sample();
        const path = join(folder, 'image.tar');
        const layout = `oci:${join(roots.data, 'images')}:acme/web:2`;
        execFileSync('skopeo', ['copy', '-q', layout, `${kind}:${path}:other/web:3`]);
        if (zip) writeFileSync(path, gzipSync(readFileSync(path)));
        // Into the store that has the layer, and into an empty one.
        const empty = { ...roots, data: join(folder, 'empty') };
        for (const target of [roots, empty]) {
          const loaded = await loadImages(path, { roots: target, native: nativeBinary });
          expect(loaded).to.deep.equal([{ id, references: ['other/web:3'] }]);
          const { layerPaths } = resolveImage(target, 'other/web:3');
          expect(readFileSync(join(layerPaths[0] ?? '', 'etc/motd'), 'utf8')).to.equal('content');
        }
      });
    }
  });

  it('refuses image archives that contradict themselves or lead out', async () => {
    const load = (...entries: readonly TarEntry[]) => {
      const path = join(folder, 'image.tar');
      writeFileSync(path, tarOf(...entries));
      return loadImages(path, { roots, native: nativeBinary });
    };
    const layer = tarOf({ name: 'f', content: 'x' });
    const config = (diffId: string) =>
      JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { diff_ids: [diffId] } });
    const manifest = (path: string) =>
      JSON.stringify([{ Config: 'c.json', RepoTags: ['a:1'], Layers: [path] }]);
    const wrong = `sha256:${'0'.repeat(64)}`;
    await failure('IMAGE_ARCHIVE_INVALID', load({ name: 'f', content: 'x' }));
    await failure(
      'IMAGE_CONTENT_DAMAGED',
      load(
        { name: 'manifest.json', content: manifest('l.tar') },
        { name: 'c.json', content: config(wrong) },
        { name: 'l.tar', content: layer },
      ),
    );
    const out = await failure(
      'IMAGE_ARCHIVE_INVALID',
      load(
        { name: 'manifest.json', content: manifest('l.tar') },
        { name: 'c.json', content: config(wrong) },
        { name: 'l.tar', type: '2', link: '/etc/passwd' },
      ),
    );
    expect(out.message).to.contain('leads out of the archive');
    expect(listImages(roots)).to.deep.equal([]);
  });
});

function skip(test: Mocha.Context, reason: string): void {
  console.log(`      skipped: ${reason}`);
  test.skip();
}
