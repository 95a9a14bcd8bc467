/** Pull and push against Debian's docker-registry, with faults in between, and what skopeo makes of the results. */
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ErrorCode } from '../../../src/core/index.ts';
import {
  checkStore,
  imageHistory,
  listImages,
  loadImages,
  type PullOptions,
  pullImage,
  pushImage,
  remoteDigest,
  removeImage,
  resolveImage,
  saveImages,
  tagImage,
} from '../../../src/image/index.ts';
import { coracleProgram, runCommand, startCommand } from '../../support/command.ts';
import { eventually } from '../../support/eventually.ts';
import {
  type Fault,
  type FaultProxy,
  startFaultProxy,
} from '../../support/registry/fault-proxy.ts';
import { failure, RegistryLab } from '../../support/registry/registry-lab.ts';
import { type RegistryServer, startRegistry } from '../../support/registry/registry-server.ts';

const blobPath = /^GET \/v2\/.*\/blobs\//;

describe('images and registries', function () {
  this.timeout(60_000);
  let lab: RegistryLab;
  let folder: string;
  let registry: RegistryServer;
  let proxy: FaultProxy | undefined;
  let serial = 0;

  before(async () => {
    lab = new RegistryLab();
    folder = lab.folder;
    registry = await startRegistry(join(folder, 'registry'));
    const options = store();
    // Not to be compressed, so that its blob is as long as its content.
    await importTree(options, `${registry.host}/app:1`, {
      'big.bin': randomBytes(3_000_000),
      'etc/name': 'one',
    });
    await pushImage(`${registry.host}/app:1`, options);
  });
  after(async () => {
    await registry.stop();
    lab.remove();
  });
  afterEach(async () => {
    await proxy?.stop();
    proxy = undefined;
  });

  const store = () => lab.store();
  const importTree: RegistryLab['importTree'] = (...given) => lab.importTree(...given);
  const fileOf: RegistryLab['fileOf'] = (...given) => lab.fileOf(...given);

  async function faulty(choose: Parameters<typeof startFaultProxy>[1]): Promise<string> {
    proxy = await startFaultProxy(registry.host, choose);
    return `${proxy.host}/app:1`;
  }

  /** Whatever has come halfway is none of the store's images, and nothing that a later pull would trip over. */
  function expectNoImage({ roots }: PullOptions): void {
    expect(listImages(roots, { filters: {} })).to.deep.equal([]);
    const unfinished = readdirSync(join(roots.data, 'layers'));
    expect(unfinished).to.deep.equal([]);
  }

  it('pulls what was pushed, under the digest that the registry shows', async () => {
    const options = store();
    const pulled = await pullImage(`${registry.host}/app:1`, options);
    expect(pulled.isNew).to.equal(true);
    expect(fileOf(options, pulled.reference, 'etc/name')).to.equal('one');
    expect(await remoteDigest(`${registry.host}/app:1`, options)).to.equal(pulled.digest);
    const inspected = JSON.parse(
      execFileSync('skopeo', ['inspect', '--tls-verify=false', `docker://${registry.host}/app:1`], {
        encoding: 'utf8',
      }),
    );
    expect(inspected.Digest).to.equal(pulled.digest);
    expect((await pullImage(`${registry.host}/app:1`, options)).isNew).to.equal(false);
  });

  it('brings again what was lost or damaged of an image that it has', async () => {
    const options = store();
    const name = `${registry.host}/app:1`;
    const { id } = await pullImage(name, options);
    const { data } = options.roots;
    const blobs = join(data, 'images/blobs/sha256');
    const [layer = ''] = resolveImage(options.roots, name).layerPaths;
    const config = join(blobs, id.slice(7));
    const text = readFileSync(config, 'utf8');
    const damages = [
      () => rmSync(layer, { recursive: true }),
      () => writeFileSync(config, text.replace('2026', '2027')),
      ...readdirSync(blobs).map((blob) => () => rmSync(join(blobs, blob))),
    ];
    for (const damage of damages) {
      damage();
      expect((await pullImage(name, options)).isNew).to.equal(true);
      const check = { roots: options.roots, native: options.native, repair: false };
      const { faults } = await checkStore({ ...check, running: async () => new Map() });
      expect(faults).to.deep.equal([]);
    }
    expect((await pullImage(name, options)).isNew).to.equal(false);
  });

  it('pulls by digest, and finds the image again under it', async () => {
    const options = store();
    const digest = await remoteDigest(`${registry.host}/app:1`, options);
    const name = `${registry.host}/app@${digest}`;
    await pullImage(name, options);
    expect(fileOf(options, name, 'etc/name')).to.equal('one');
  });

  it('takes the manifest of this machine out of an index, and keeps the digest of the index', async () => {
    const options = store();
    const layout = join(folder, 'layout');
    execFileSync('skopeo', [
      'copy',
      '--src-tls-verify=false',
      `docker://${registry.host}/app:1`,
      `oci:${layout}:1`,
    ]);
    const [own] = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')).manifests;
    const other = {
      ...own,
      digest: `sha256:${'0'.repeat(64)}`,
      platform: { os: 'linux', architecture: 'wasm' },
    };
    const mine = { mediaType: own.mediaType, digest: own.digest, size: own.size };
    const platform = { os: 'linux', architecture: process.arch === 'arm64' ? 'arm64' : 'amd64' };
    const index = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [other, { ...mine, platform }],
    });
    // The registry would want to have all that an index names: this one is served beside it.
    const served = await startIndexServer(registry.host, index);
    try {
      const pulled = await pullImage(`${served.host}/app:multi`, options);
      expect(pulled.digest).to.equal(`sha256:${createHash('sha256').update(index).digest('hex')}`);
      expect(fileOf(options, pulled.reference, 'etc/name')).to.equal('one');
      expect(listImages(options.roots, { filters: {} })[0]?.RepoDigests).to.deep.equal([
        `${served.host}/app@${pulled.digest}`,
      ]);
    } finally {
      await served.stop();
    }
  });

  it('says what an image is made for where it is not for this machine', async () => {
    const index = JSON.stringify({
      schemaVersion: 2,
      manifests: [
        {
          digest: `sha256:${'1'.repeat(64)}`,
          size: 2,
          platform: { os: 'linux', architecture: 's390x' },
        },
      ],
    });
    const served = await startIndexServer(registry.host, index);
    try {
      const error = await failure(
        'IMAGE_PLATFORM_UNSUPPORTED',
        pullImage(`${served.host}/app:multi`, store()),
      );
      expect(error.message).to.contain('there is linux/s390x');
    } finally {
      await served.stop();
    }
  });

  it('goes on by a range where a connection breaks', async () => {
    const options = store();
    const name = await faulty((line, count) =>
      blobPath.test(line) && count < 3 ? { kind: 'cut', afterBytes: 1_000_000 } : undefined,
    );
    await pullImage(name, options);
    expect(fileOf(options, name, 'etc/name')).to.equal('one');
    const ranges = proxy?.seen.map(({ headers }) => headers.range).filter(Boolean);
    expect(ranges).to.include('bytes=1000000-');
  });

  it('begins a blob again where the registry knows no ranges', async () => {
    const options = store();
    const name = await faulty((line, count) => {
      if (!blobPath.test(line)) return undefined;
      return count === 0 ? { kind: 'cut', afterBytes: 700_000 } : { kind: 'noRange' };
    });
    await pullImage(name, options);
    expect(fileOf(options, name, 'etc/name')).to.equal('one');
  });

  it('tries again after 500, 429 with Retry-After, and a connection that is reset', async () => {
    const options = store();
    const name = await faulty((line, count) => {
      if (!/manifests/.test(line)) return count === 0 ? { kind: 'reset' } : undefined;
      if (count === 0) return { kind: 'status', status: 500 };
      if (count === 1) return { kind: 'status', status: 429, headers: { 'retry-after': '0' } };
      return undefined;
    });
    await pullImage(name, options);
    expect(fileOf(options, name, 'etc/name')).to.equal('one');
  });

  it('gives up on what stays broken, with a code for each, and keeps nothing', async () => {
    const cases: readonly (readonly [Fault, ErrorCode])[] = [
      [{ kind: 'status', status: 403 }, 'REGISTRY_DENIED'],
      [{ kind: 'status', status: 401 }, 'REGISTRY_UNAUTHORIZED'],
      [{ kind: 'status', status: 404 }, 'REGISTRY_MANIFEST_UNKNOWN'],
      [{ kind: 'status', status: 418 }, 'REGISTRY_UNAVAILABLE'],
      [{ kind: 'corrupt' }, 'REGISTRY_CONTENT_DAMAGED'],
    ];
    for (const [fault, code] of cases) {
      const options = store();
      const name = await faulty((line) => (/manifests/.test(line) ? fault : undefined));
      await failure(code, pullImage(name, options));
      expectNoImage(options);
      await proxy?.stop();
      proxy = undefined;
    }
  });

  it('keeps nothing of a layer with the wrong content', async () => {
    const options = store();
    const name = await faulty((line) => (blobPath.test(line) ? { kind: 'corrupt' } : undefined));
    await failure('REGISTRY_CONTENT_DAMAGED', pullImage(name, options));
    expectNoImage(options);
  });

  it('does not send credentials on to where a blob is redirected', async () => {
    const options = store();
    const elsewhere = await startFaultProxy(registry.host, () => undefined);
    const name = await faulty((line) =>
      blobPath.test(line)
        ? { kind: 'redirect', to: `http://${elsewhere.host}${line.slice(4)}` }
        : undefined,
    );
    try {
      const credentials = { kind: 'registryToken', token: 'secret' } as const;
      await pullImage(name, { ...options, credentials });
      expect(elsewhere.seen).to.not.have.length(0);
      expect(elsewhere.seen.filter(({ headers }) => headers.authorization)).to.deep.equal([]);
    } finally {
      await elsewhere.stop();
    }
  });

  it('goes on with what a killed pull has left, and lists no image before', async () => {
    const { roots } = store();
    const env = { ...process.env, CORACLE_DATA: roots.data, CORACLE_RUN: roots.run };
    // The connection stays open after a third, until the client is killed.
    const slow = await faulty((line) =>
      blobPath.test(line) ? { kind: 'cut', afterBytes: 1_000_000 } : undefined,
    );
    const pull = startCommand(['node', coracleProgram, 'pull', slow], { env });
    const ingest = join(roots.data, 'images/ingest');
    await eventually(() => {
      const [part = ''] = readdirSync(ingest).filter((entry) => entry.endsWith('.part'));
      expect(statSync(join(ingest, part)).size).to.be.greaterThan(100_000);
    });
    pull.child.kill('SIGKILL');
    await pull.result;
    expectNoImageName(roots.data);
    await proxy?.stop();
    const name = await faulty(() => undefined);
    const again = await runCommand(['node', coracleProgram, 'pull', '-q', name], { env });
    expect(again.stderr).to.equal('');
    expect(again.code).to.equal(0);
    const ranges = proxy?.seen.flatMap(({ headers }) => headers.range ?? []) ?? [];
    expect(ranges).to.have.length(1);
    expect(readdirSync(ingest)).to.deep.equal([]);
  });

  function expectNoImageName(data: string): void {
    expect(listImages({ data, run: join(data, 'run') }, { filters: {} })).to.deep.equal([]);
  }

  it('mounts a layer from another repository of the registry instead of sending it', async () => {
    const options = store();
    const name = await faulty(() => undefined);
    await pullImage(name, options);
    const other = `${proxy?.host}/other/app:2`;
    await tagImage(options.roots, name, other);
    await pushImage(other, options);
    const lines = proxy?.seen.map(({ line }) => line) ?? [];
    expect(lines.filter((line) => /mount=sha256/.test(line))).to.have.length(2);
    expect(lines.filter((line) => line.startsWith('PATCH'))).to.deep.equal([]);
  });

  it('goes on with an upload that breaks, and pushes a layer once', async () => {
    const options = store();
    await importTree(options, 'local/up:1', {
      'blob.bin': randomBytes(500_000),
      'etc/name': 'two',
    });
    let broken = 0;
    const name = (
      await faulty((line) => {
        if (!line.startsWith('PATCH') || broken >= 2) return undefined;
        broken += 1;
        return broken === 1 ? { kind: 'reset' } : { kind: 'status', status: 503 };
      })
    ).replace('app:1', 'up:1');
    await tagImage(options.roots, 'local/up:1', name);
    const pushed = await pushImage(name, options);
    expect(broken).to.equal(2);
    const before = proxy?.seen.length ?? 0;
    expect((await pushImage(name, options)).digest).to.equal(pushed.digest);
    const later = proxy?.seen.slice(before).map(({ line }) => line) ?? [];
    expect(later.filter((line) => /^(POST|PATCH)/.test(line))).to.deep.equal([]);
    const copy = store();
    await pullImage(name, copy);
    expect(fileOf(copy, name, 'etc/name')).to.equal('two');
    await removeImage(copy.roots, name, { force: false, usedBy: () => [] });
  });

  it('goes on within a chunk of a large upload, and comes again when it is asked to', async () => {
    const options = store();
    // More than one chunk, and not to be compressed.
    await importTree(options, 'local/large:1', { 'blob.bin': randomBytes(33 * 1024 * 1024) });
    const done = new Set<string>();
    const once = (what: string, fault: Fault): Fault | undefined => {
      if (done.has(what)) return undefined;
      done.add(what);
      return fault;
    };
    const busy = { kind: 'status', status: 429, headers: { 'retry-after': '0' } } as const;
    const name = (
      await faulty((line, _count, { headers }) => {
        if (line.startsWith('POST')) return once('begin', busy);
        if (/^PUT .*manifests/.test(line)) return once('manifest', { kind: 'status', status: 503 });
        if (line.startsWith('PUT')) return once('finish', busy);
        if (!line.startsWith('PATCH')) return undefined;
        if (/^0-/.test(headers['content-range'] ?? '')) return once('first chunk', busy);
        return once('second chunk', { kind: 'cutUpload', afterBytes: 300_000 });
      })
    ).replace('app:1', 'large:1');
    await tagImage(options.roots, 'local/large:1', name);
    await pushImage(name, options);
    expect([...done].sort()).to.deep.equal([
      'begin',
      'finish',
      'first chunk',
      'manifest',
      'second chunk',
    ]);
    const copy = store();
    await pullImage(name, copy);
    expect(resolveImage(copy.roots, name).id).to.equal(resolveImage(options.roots, name).id);
  });

  describe('that share a layer', () => {
    /** Two images: the same base below one file each. @returns their names, and the digest of the base's blob. */
    async function pushTwo(): Promise<{ names: readonly string[]; base: string }> {
      const options = store();
      await importTree(options, 'local/base:1', { 'base.bin': randomBytes(400_000) });
      const names: string[] = [];
      serial += 1;
      for (const name of ['left', 'right']) {
        const tree = join(folder, `${name}-${serial}`);
        mkdirSync(tree);
        writeFileSync(join(tree, 'name'), name);
        const full = `${registry.host}/${name}:1`;
        const layout = join(folder, `layout-${name}-${serial}`);
        const stored = `oci:${join(options.roots.data, 'images')}:local/base:1`;
        execFileSync('skopeo', ['copy', '-q', stored, `oci:${layout}:1`]);
        execFileSync('umoci', ['insert', '--image', `${layout}:1`, tree, '/own']);
        const into = ['--dest-tls-verify=false', `oci:${layout}:1`, `docker://${full}`];
        execFileSync('skopeo', ['copy', '-q', ...into]);
        names.push(full);
      }
      const raw = execFileSync('skopeo', [
        ...['inspect', '--raw', '--tls-verify=false', `docker://${names[0]}`],
      ]);
      return { names, base: JSON.parse(raw.toString()).layers[0].digest };
    }
    const through = (name: string) => name.replace(registry.host, proxy?.host ?? '');
    const own = (options: PullOptions, name: string) =>
      readFileSync(join(resolveImage(options.roots, name).layerPaths[0] ?? '', 'own/name'), 'utf8');
    const fetches = (digest: string) =>
      proxy?.seen.filter(({ line }) => line.startsWith('GET') && line.endsWith(digest)).length;

    it('fetch it once, side by side with the layers above', async () => {
      const { names, base } = await pushTwo();
      await faulty((line) =>
        line.endsWith(base) ? { kind: 'slow', pieces: 10, pauseMs: 20 } : undefined,
      );
      const options = store();
      const finished: string[] = [];
      const onProgress: PullOptions['onProgress'] = ({ layer, status }) => {
        if (status === 'Pull complete') finished.push(layer);
      };
      await Promise.all(names.map((name) => pullImage(through(name), { ...options, onProgress })));
      expect(fetches(base)).to.equal(1);
      // The base is the lowest, and comes last.
      expect(finished.at(-1)).to.equal(base.slice(7, 19));
      expect(names.map((name) => own(options, through(name)))).to.deep.equal(['left', 'right']);
      expect(readdirSync(join(options.roots.data, 'layers'))).to.have.length(3);
      expect(readdirSync(join(options.roots.data, 'images/ingest'))).to.deep.equal([]);
    });

    it('do not fail with each other', async () => {
      const { names, base } = await pushTwo();
      const { length } = names;
      expect(length).to.equal(2);
      await faulty((line) => {
        if (line.endsWith(base)) return { kind: 'slow', pieces: 10, pauseMs: 20 };
        return /^GET \/v2\/left\/blobs/.test(line) && fetches(base) !== 0
          ? { kind: 'status', status: 404 }
          : undefined;
      });
      const options = store();
      const [left, right] = await Promise.allSettled(
        names.map((name) => pullImage(through(name), options)),
      );
      expect(left?.status).to.equal('rejected');
      expect(right?.status).to.equal('fulfilled');
      expect(own(options, through(names[1] ?? ''))).to.equal('right');
      expect(readdirSync(join(options.roots.data, 'layers'))).to.have.length(2);
    });
  });

  it('saves an archive that Docker’s tools and our own load read back', async () => {
    const options = store();
    const name = `${registry.host}/app:1`;
    const { id } = await pullImage(name, options);
    const archive = join(folder, 'saved.tar');
    const pieces: Uint8Array[] = [];
    for await (const piece of saveImages(options.roots, [name])) pieces.push(piece);
    writeFileSync(archive, Buffer.concat(pieces));
    const config = execFileSync(
      'skopeo',
      ['inspect', '--config', `docker-archive:${archive}:${name}`],
      {
        encoding: 'utf8',
      },
    );
    expect(JSON.parse(config).rootfs.diff_ids).to.have.length(1);
    const copy = store();
    const [loaded] = await loadImages(archive, copy);
    expect(loaded).to.deep.equal({ id, references: [name] });
    expect(fileOf(copy, name, 'etc/name')).to.equal('one');
    expect(imageHistory(copy.roots, name)[0]).to.include({ id });
  });

  it('logs in, pushes with what is stored, and is refused once logged out', async () => {
    // The password "secret" by bcrypt with cost 5.
    const htpasswd = 'me:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n';
    const guarded = await startRegistry(join(folder, 'guarded'), { htpasswd });
    const options = store();
    const env = {
      ...process.env,
      CORACLE_DATA: options.roots.data,
      CORACLE_RUN: options.roots.run,
      DOCKER_CONFIG: join(folder, 'docker'),
    };
    const coracle = (argv: readonly string[], input = '') =>
      runCommand(['node', coracleProgram, ...argv], { env, input });
    try {
      await importTree(options, `${guarded.host}/app:1`, { 'etc/name': 'guarded' });
      const refused = await coracle(['push', `${guarded.host}/app:1`]);
      expect(refused.code).to.equal(1);
      expect(refused.stderr).to.contain(`coracle login ${guarded.host}`);
      const wrong = await coracle(
        ['login', '-u', 'me', '--password-stdin', guarded.host],
        'nope\n',
      );
      expect(wrong.code).to.equal(1);
      const login = await coracle(
        ['login', '-u', 'me', '--password-stdin', guarded.host],
        'secret\n',
      );
      expect(login.stdout).to.contain('Login Succeeded');
      expect((await coracle(['push', '-q', `${guarded.host}/app:1`])).code).to.equal(0);
      expect((await coracle(['logout', guarded.host])).code).to.equal(0);
      expect((await coracle(['pull', `${guarded.host}/app:1`])).code).to.equal(1);
    } finally {
      await guarded.stop();
    }
  });
});

/** Serves an index at /v2/app/manifests/multi, and everything else from the registry. */
async function startIndexServer(target: string, index: string): Promise<FaultProxy> {
  const { createServer } = await import('node:http');
  const server = createServer((request, answer) => {
    if (request.url === '/v2/app/manifests/multi') {
      answer
        .writeHead(200, { 'content-type': 'application/vnd.oci.image.index.v1+json' })
        .end(index);
      return;
    }
    answer.writeHead(307, { location: `http://${target}${request.url}` }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    host: `127.0.0.1:${port}`,
    seen: [],
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
