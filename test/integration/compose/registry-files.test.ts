/** Compose files and image digests from Debian's docker-registry, as `config` sees them. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type CommandResult, composeProgram, runCommand } from '../../support/command.ts';
import { type RegistryServer, startRegistry } from '../../support/registry/registry-server.ts';

const types = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  project: 'application/vnd.docker.compose.project',
  emptyConfig: 'application/vnd.docker.compose.config.empty.v1+json',
  file: 'application/vnd.docker.compose.file+yaml',
  envFile: 'application/vnd.docker.compose.envfile',
};

interface PublishedFile {
  readonly text: string;
  readonly mediaType?: string;
  readonly annotations?: Record<string, string>;
}

describe('compose files in a registry', function () {
  this.timeout(60_000);
  let folder: string;
  let registry: RegistryServer;
  let serial = 0;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'coracle-artifacts-'));
    registry = await startRegistry(join(folder, 'registry'));
  });
  after(async () => {
    await registry.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    serial += 1;
    mkdirSync(project(), { recursive: true });
  });

  const project = () => join(folder, `project-${serial}`);
  const cache = () => join(project(), 'cache');

  async function pushBlob(text: string): Promise<{ digest: string; size: number }> {
    const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
    const begun = await fetch(`http://${registry.host}/v2/app/blobs/uploads/`, { method: 'POST' });
    const target = new URL(begun.headers.get('location') ?? '');
    target.searchParams.set('digest', digest);
    const put = await fetch(target, { method: 'PUT', body: text });
    expect(put.status).to.equal(201);
    return { digest, size: Buffer.byteLength(text) };
  }

  async function pushManifest(tag: string, document: object, mediaType = types.manifest) {
    const body = JSON.stringify({ schemaVersion: 2, mediaType, ...document });
    const put = await fetch(`http://${registry.host}/v2/app/manifests/${tag}`, {
      method: 'PUT',
      headers: { 'content-type': mediaType },
      body,
    });
    expect(put.status, await put.text()).to.equal(201);
    return { mediaType, digest: put.headers.get('docker-content-digest') ?? '', size: body.length };
  }

  /** As `docker compose publish` does, in the form of OCI 1.1 unless a configuration type is given. */
  async function publish(tag: string, files: readonly PublishedFile[], configType?: string) {
    const config = await pushBlob('{}');
    const layers = [];
    for (const { text, mediaType = types.file, annotations = {} } of files) {
      layers.push({ mediaType, annotations, ...(await pushBlob(text)) });
    }
    return pushManifest(tag, {
      ...(configType === undefined ? { artifactType: types.project } : {}),
      config: { mediaType: configType ?? 'application/vnd.oci.empty.v1+json', ...config },
      layers,
    });
  }

  function config(text: string, ...args: string[]): Promise<CommandResult> {
    writeFileSync(join(project(), 'compose.yaml'), text);
    const data = { CORACLE_DATA: join(project(), 'data'), CORACLE_RUN: join(project(), 'run') };
    const env = { PATH: process.env.PATH, HOME: project(), XDG_CACHE_HOME: cache(), ...data };
    return runCommand([composeProgram, ...args], { cwd: project(), env });
  }

  const including = (name: string) => `include:\n  - oci://${registry.host}/${name}\n`;
  const allowed = ['--allow-remote', 'config', '--format', 'json'];

  it('are refused, at their place and without asking the registry, unless allowed', async () => {
    const { code, stderr } = await config(including('app:none'), 'config');
    expect(code).to.equal(1);
    expect(stderr).to.include('compose.yaml:2:5: error').and.include('--allow-remote');
    expect(existsSync(cache())).to.equal(false);
  });

  it('come with the files that they extend, their overrides and their env files', async () => {
    await publish('full', [
      {
        text: 'services:\n  web:\n    image: a:1\n    env_file: e1.env\n  two:\n    extends: {file: b2.yaml, service: base}\n',
        annotations: { 'com.docker.compose.file': 'compose.yaml' },
      },
      {
        text: 'services:\n  web:\n    image: a:2\n',
        annotations: { 'com.docker.compose.file': 'override.yaml' },
      },
      {
        text: 'services:\n  base:\n    image: b:1\n',
        annotations: {
          'com.docker.compose.extends': 'true',
          'com.docker.compose.file': 'b2.yaml',
        },
      },
      {
        text: 'FROM_FILE=yes\n',
        mediaType: types.envFile,
        annotations: { 'com.docker.compose.envfile': 'e1.env' },
      },
    ]);
    const { code, stdout, stderr } = await config(including('app:full'), ...allowed);
    expect(code, stderr).to.equal(0);
    const { services } = JSON.parse(stdout);
    expect(services.web.image).to.equal('a:2');
    expect(services.web.environment).to.deep.equal({ FROM_FILE: 'yes' });
    expect(services.two.image).to.equal('b:1');
  });

  it('tell which digest a tag is, and need no registry again once named by it', async () => {
    const { digest } = await publish('moving', [{ text: 'services: {web: {image: "m:1"}}\n' }]);
    const first = await config(including('app:moving'), ...allowed);
    expect(first.stderr).to.include(`is at ${digest}`);
    await fetch(`http://${registry.host}/v2/app/manifests/${digest}`, { method: 'DELETE' });
    const pinned = await config(including(`app@${digest}`), ...allowed);
    expect([pinned.code, pinned.stderr]).to.deep.equal([0, '']);
    expect(JSON.parse(pinned.stdout).services.web.image).to.equal('m:1');
  });

  it('are found in the form of OCI 1.0, and inside an index', async () => {
    const one = await publish(
      'old',
      [{ text: 'services: {web: {image: "o:1"}}\n' }],
      types.emptyConfig,
    );
    const old = await config(including('app:old'), ...allowed);
    expect(old.code, old.stderr).to.equal(0);
    const two = await publish('new', [{ text: 'services: {web: {image: "i:1"}}\n' }]);
    const manifests = [one, { ...two, artifactType: types.project }];
    await pushManifest('bundle', { manifests }, types.index);
    const bundle = await config(including('app:bundle'), ...allowed);
    expect(JSON.parse(bundle.stdout).services.web.image).to.equal('i:1');
  });

  it('serve extends as well', async () => {
    await publish('base', [{ text: 'services: {web: {image: "x:1", volumes: ["./d:/d"]}}\n' }]);
    const text = `services:\n  a:\n    extends:\n      file: oci://${registry.host}/app:base\n      service: web\n`;
    const { code, stdout, stderr } = await config(text, ...allowed);
    expect(code, stderr).to.equal(0);
    expect(JSON.parse(stdout).services.a.volumes[0].source).to.match(/artifacts\/sha256-\w+\/d$/);
  });

  for (const [what, service] of [
    ['env_file', 'env_file: ../../../secret.env'],
    ['a bind mount', 'volumes: ["/:/host"]'],
    ['a build context', 'build: ../..'],
    ['extends', 'extends: {file: ../../../compose.yaml, service: web}'],
  ] as const) {
    it(`cannot lead out by ${what}`, async () => {
      writeFileSync(join(project(), 'secret.env'), 'TOKEN=1\n');
      await publish(`out-${serial}`, [{ text: `services: {web: {image: x, ${service}}}\n` }]);
      const { code, stderr } = await config(including(`app:out-${serial}`), ...allowed);
      expect(code).to.equal(1);
      expect(stderr).to.include('leads out of');
    });
  }

  for (const name of ['../../../../evil.env', '/tmp/evil.env', 'sub/evil.env', '..', '', 'a\0b']) {
    it(`cannot bring a file named ${JSON.stringify(name)}`, async () => {
      await publish(`name-${serial}`, [
        { text: 'services: {web: {image: x}}\n' },
        {
          text: `E=${serial}\n`,
          mediaType: types.envFile,
          annotations: { 'com.docker.compose.envfile': name },
        },
      ]);
      const { code, stderr } = await config(including(`app:name-${serial}`), ...allowed);
      expect(code).to.equal(1);
      expect(stderr).to.include('compose.yaml:2:5: error').and.include('it has a file named');
      const left = existsSync(cache()) ? readdirSync(cache(), { recursive: true }) : [];
      expect(
        left.filter((path) => !['coracle', 'coracle/artifacts'].includes(String(path))),
      ).to.deep.equal([]);
    });
  }

  it('are not taken for what they are not', async () => {
    await publish('image', [{ text: 'x' }], 'application/vnd.oci.image.config.v1+json');
    const image = await config(including('app:image'), ...allowed);
    expect(image.stderr).to.include('compose.yaml:2:5: error').and.include('it is no application/');
    await publish('empty', []);
    const empty = await config(including('app:empty'), ...allowed);
    expect(empty.stderr).to.include('it has no compose file');
    const missing = await config(including('app:none'), ...allowed);
    expect(missing.stderr).to.include('compose.yaml:2:5: error').and.include('has nothing named');
  });

  it('cannot name further remote files', async () => {
    await publish('inner', [{ text: 'services: {web: {image: x}}\n' }]);
    await publish('outer', [{ text: including('app:inner') }]);
    const { code, stderr } = await config(including('app:outer'), ...allowed);
    expect(code).to.equal(1);
    expect(stderr).to.include('is named by a file that is remote itself');
  });

  it('are pinned to what the registry has now by --resolve-image-digests', async () => {
    const { digest } = await publish('latest', [{ text: `# ${serial}\n` }]);
    const other = `mysql:8@sha256:${'0'.repeat(64)}`;
    const text = `services:\n  a: {image: "${registry.host}/app", environment: {X: y}}\n  b: {image: "${other}"}\n  c: {build: .}\n`;
    const pinned = `${registry.host}/app:latest@${digest}`;
    const full = await config(text, 'config', '--resolve-image-digests', '--format', 'json');
    expect(full.code, full.stderr).to.equal(0);
    expect(JSON.parse(full.stdout).services.a.image).to.equal(pinned);
    expect(JSON.parse(full.stdout).services.a.environment).to.deep.equal({ X: 'y' });
    const lock = await config(text, 'config', '--lock-image-digests');
    expect(lock.stdout).to.equal(
      `services:\n  a:\n    image: ${pinned}\n  b:\n    image: docker.io/library/mysql@sha256:${'0'.repeat(64)}\n  c: {}\n`,
    );
    const missing = await config(
      `services:\n  a:\n    image: ${registry.host}/nosuch\n`,
      'config',
      '--resolve-image-digests',
    );
    expect(missing.code).not.to.equal(0);
    expect(missing.stderr).to.include('compose.yaml:3:12: error: service "a"');
  });
});
