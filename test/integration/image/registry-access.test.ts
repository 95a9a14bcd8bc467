/** Who may reach a registry, and by which way: logins, token services, TLS, mirrors and proxies, against Debian's docker-registry. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { listImages, type PullOptions, pullImage, pushImage } from '../../../src/image/index.ts';
import { type KeyPair, makeCertificate } from '../../support/registry/certificates.ts';
import { startFaultProxy } from '../../support/registry/fault-proxy.ts';
import { startForwardProxy } from '../../support/registry/forward-proxy.ts';
import { failure, RegistryLab } from '../../support/registry/registry-lab.ts';
import {
  type RegistryServer,
  type RegistryServerOptions,
  startRegistry,
} from '../../support/registry/registry-server.ts';
import { startTokenServer } from '../../support/registry/token-server.ts';

/** The password "secret" by bcrypt with cost 5. */
const htpasswd = 'me:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n';

describe('the way to a registry', function () {
  this.timeout(60_000);
  let lab: RegistryLab;
  let keys: KeyPair;
  /** What is to be stopped after the test. */
  const running: { stop(): Promise<void> }[] = [];
  let serial = 0;

  before(() => {
    lab = new RegistryLab();
    keys = makeCertificate(lab.folder, 'token', { subjects: ['DNS:token'] });
  });
  after(() => lab.remove());
  afterEach(async () => {
    await Promise.all(running.splice(0).map((server) => server.stop()));
  });

  function kept<T extends { stop(): Promise<void> }>(server: T): T {
    running.push(server);
    return server;
  }

  /** A registry; with `name`, an image is in it that whoever may push has pushed. */
  async function registry(options: RegistryServerOptions = {}): Promise<RegistryServer> {
    serial += 1;
    return kept(await startRegistry(join(lab.folder, `registry-${serial}`), options));
  }

  async function fill(host: string, options: PullOptions, name = 'app:1'): Promise<void> {
    await lab.importTree(options, `${host}/${name}`, { 'etc/name': name });
    await pushImage(`${host}/${name}`, options);
  }

  /** A file of settings, for `CORACLE_CONFIG`. */
  function settings(content: object): string {
    serial += 1;
    const path = join(lab.folder, `settings-${serial}.json`);
    writeFileSync(path, JSON.stringify(content));
    return path;
  }

  /** A folder for `DOCKER_CONFIG`. */
  function dockerConfig(content: object): string {
    serial += 1;
    const folder = join(lab.folder, `docker-${serial}`);
    mkdirSync(folder);
    writeFileSync(join(folder, 'config.json'), JSON.stringify(content));
    return folder;
  }

  const auth = (text: string) => ({ auth: Buffer.from(text).toString('base64') });

  describe('through a token service', () => {
    async function guarded(anonymous: readonly string[] = []) {
      const rules = { users: { me: 'secret' }, refreshTokens: { refresh: 'me' }, anonymous };
      const tokens = kept(await startTokenServer(keys, rules));
      const { certificate } = keys;
      const { host } = await registry({ token: { realm: tokens.realm, certificate } });
      return { tokens, host };
    }

    it('asks for what a push and a pull need, and says what is missing without a login', async () => {
      const { tokens, host } = await guarded();
      const me = lab.store({
        DOCKER_CONFIG: dockerConfig({ auths: { [host]: auth('me:secret') } }),
      });
      await fill(host, me);
      expect(tokens.seen.flatMap(({ scopes }) => scopes)).to.include('repository:app:pull,push');
      expect(new Set(tokens.seen.map(({ by }) => by))).to.deep.equal(new Set(['me']));
      const nobody = lab.store();
      const { message, hint } = (await failure(
        'REGISTRY_UNAUTHORIZED',
        pullImage(`${host}/app:1`, nobody),
      )) as Error & { hint?: string };
      expect(message).to.contain(host);
      expect(hint).to.equal(`Log in: coracle login ${host}`);
      const wrong = lab.store({
        DOCKER_CONFIG: dockerConfig({ auths: { [host]: auth('me:nope') } }),
      });
      await failure('REGISTRY_UNAUTHORIZED', pullImage(`${host}/app:1`, wrong));
      const before = tokens.seen.length;
      await pullImage(`${host}/app:1`, { ...me, roots: lab.store().roots });
      // One token for the manifest, the configuration and the layer.
      expect(tokens.seen.length - before).to.equal(1);
    });

    it('pulls what everybody may have, and pushes only with a login', async () => {
      const { tokens, host } = await guarded(['pull']);
      const me = lab.store({
        DOCKER_CONFIG: dockerConfig({ auths: { [host]: auth('me:secret') } }),
      });
      await fill(host, me);
      const nobody = lab.store();
      await pullImage(`${host}/app:1`, nobody);
      expect(tokens.seen.at(-1)?.by).to.equal('');
      await lab.importTree(nobody, `${host}/app:2`, { a: 'b' });
      await failure('REGISTRY_UNAUTHORIZED', pushImage(`${host}/app:2`, nobody));
    });

    it('exchanges the identity token that a login has left', async () => {
      const { tokens, host } = await guarded();
      const config = dockerConfig({ auths: { [host]: { identitytoken: 'refresh' } } });
      await fill(host, lab.store({ DOCKER_CONFIG: config }));
      expect(new Set(tokens.seen.map(({ by, method }) => `${method} ${by}`))).to.deep.equal(
        new Set(['POST me by refresh token']),
      );
    });

    it('asks for both repositories where a layer is to be mounted', async () => {
      const { tokens, host } = await guarded();
      const me = lab.store({
        DOCKER_CONFIG: dockerConfig({ auths: { [host]: auth('me:secret') } }),
      });
      await fill(host, me);
      await lab.coracle(me, ['tag', `${host}/app:1`, `${host}/other:1`]);
      await pushImage(`${host}/other:1`, me);
      expect(tokens.seen.some(({ scopes }) => scopes.includes('repository:app:pull'))).to.equal(
        true,
      );
    });

    it('does not send a password on without TLS, where the registry itself has it', async () => {
      const authority = makeCertificate(lab.folder, 'authority', {});
      const tls = makeCertificate(lab.folder, 'named', {
        subjects: ['DNS:registry.test'],
        issuer: authority,
      });
      const tokens = kept(await startTokenServer(keys, { users: { me: 'secret' } }));
      const { certificate } = keys;
      const { host } = await registry({ tls, token: { realm: tokens.realm, certificate } });
      const name = host.replace('127.0.0.1', 'registry.test');
      const store = lab.store({
        SSL_CERT_FILE: authority.certificate,
        DOCKER_CONFIG: dockerConfig({ auths: { [name]: auth('me:secret') } }),
      });
      const { code, stderr } = await lab.coracle(store, ['pull', `${name}/app:1`], {
        hosts: ['registry.test'],
      });
      expect(code).to.equal(1);
      expect(stderr).to.contain('the password is not sent there');
      expect(tokens.seen).to.deep.equal([]);
    });
  });

  describe('by TLS', () => {
    let authority: KeyPair;
    let tls: KeyPair;
    before(() => {
      authority = makeCertificate(lab.folder, 'ours', {});
      tls = makeCertificate(lab.folder, 'server', {
        subjects: ['DNS:registry.test', 'IP:192.0.2.7'],
        issuer: authority,
      });
    });

    /** A registry that is `registry.test`, with an image. */
    async function named(more: Partial<RegistryServerOptions['tls']> = {}) {
      const { host } = await registry({ tls: { ...tls, ...more } });
      return { host, name: host.replace('127.0.0.1', 'registry.test') };
    }
    const pull = (
      name: string,
      env: Readonly<Record<string, string>> = {},
      certificates?: string,
    ) =>
      lab.coracle(lab.store(env), ['pull', '-q', `${name}/app:1`], {
        hosts: ['registry.test'],
        ...(certificates === undefined ? {} : { certificates }),
      });

    it('trusts the authorities in certs.d, those of the machine, and nobody else', async () => {
      const { host, name } = await named();
      // Loopback is trusted as it is, as by Docker.
      await fill(host, lab.store());
      const unknown = await pull(name);
      expect(unknown.code).to.equal(1);
      expect(unknown.stderr).to.match(/error: registry registry\.test:\d+: .*certificate/);
      const folder = join(lab.folder, 'certs');
      mkdirSync(join(folder, name), { recursive: true });
      cpSync(authority.certificate, join(folder, name, 'ca.crt'));
      const known = await pull(name, {}, folder);
      expect([known.code, known.stderr]).to.deep.equal([0, '']);
      expect((await pull(name, { SSL_CERT_FILE: authority.certificate })).code).to.equal(0);
      const insecure = settings({ 'insecure-registries': [name] });
      expect((await pull(name, { CORACLE_CONFIG: insecure })).code).to.equal(0);
      const other = settings({ 'insecure-registries': ['other.test'] });
      expect((await pull(name, { CORACLE_CONFIG: other })).code).to.equal(1);
    });

    it('shows the certificate of its own that the registry wants', async () => {
      const { name, host } = await named({ clientAuthority: authority.certificate });
      const client = makeCertificate(lab.folder, 'client', { issuer: authority });
      const folder = join(lab.folder, 'client-certs');
      for (const place of [name, host]) {
        mkdirSync(join(folder, place), { recursive: true });
        cpSync(authority.certificate, join(folder, place, 'ca.crt'));
        cpSync(client.certificate, join(folder, place, 'client.cert'));
        cpSync(client.key, join(folder, place, 'client.key'));
      }
      const store = lab.store();
      await lab.importTree(store, `${name}/app:1`, { 'etc/name': 'one' });
      const hosts = ['registry.test'];
      const pushed = await lab.coracle(store, ['push', '-q', `${name}/app:1`], {
        ...{ hosts, certificates: folder },
      });
      expect([pushed.code, pushed.stderr]).to.deep.equal([0, '']);
      expect((await pull(name, {}, folder)).code).to.equal(0);
      rmSync(join(folder, name, 'client.key'));
      const half = await pull(name, {}, folder);
      expect(half.stderr).to.contain(`certs.d/${name}/client.key`);
      rmSync(join(folder, name, 'client.cert'));
      expect((await pull(name, {}, folder)).code).to.equal(1);
    });

    it('speaks without it only to whom the settings name', async () => {
      const { host } = await registry();
      await fill(host, lab.store());
      const name = host.replace('127.0.0.1', 'registry.test');
      const refused = await pull(name);
      expect(refused.code).to.equal(1);
      expect(refused.stderr).to.contain('insecure-registries');
      const insecure = settings({ 'insecure-registries': ['registry.test'] });
      expect((await pull(name, { CORACLE_CONFIG: insecure })).code).to.equal(0);
    });

    it('goes through a proxy’s tunnel, to a name and to an address', async () => {
      const { host } = await named();
      await fill(host, lab.store());
      const proxy = kept(await startForwardProxy(host, 'who:am%20i'));
      const env = {
        HTTPS_PROXY: `http://who:am%2520i@${proxy.host}`,
        SSL_CERT_FILE: authority.certificate,
      };
      for (const name of ['registry.test', '192.0.2.7']) {
        const store = lab.store(env);
        await pullImage(`${name}/app:1`, store);
        expect(lab.fileOf(store, `${name}/app:1`, 'etc/name')).to.equal('app:1');
        expect(proxy.seen.at(-1)?.line).to.equal(`CONNECT ${name}:443`);
      }
      const wrong = lab.store({ ...env, HTTPS_PROXY: proxy.host });
      const { message } = await failure(
        'REGISTRY_UNREACHABLE',
        pullImage('registry.test/app:1', wrong),
      );
      expect(message).to.contain(`proxy ${proxy.host} answers 407`);
    });

    it('loses its credentials where a redirect leaves TLS', async () => {
      const { host } = await registry();
      await fill(host, lab.store());
      const plain = kept(await startFaultProxy(host, () => undefined));
      const server = createServer(
        { cert: readFileSync(tls.certificate), key: readFileSync(tls.key) },
        (request, answer) => {
          if (
            request.headers.authorization === undefined &&
            request.url === '/v2/app/manifests/1'
          ) {
            answer.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end();
            return;
          }
          answer.writeHead(307, { location: `http://${plain.host}${request.url}` }).end();
        },
      );
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      try {
        const name = `127.0.0.1:${(server.address() as AddressInfo).port}`;
        const config = dockerConfig({ auths: { [name]: auth('me:secret') } });
        await pullImage(`${name}/app:1`, lab.store({ DOCKER_CONFIG: config }));
        expect(plain.seen).to.not.have.length(0);
        expect(plain.seen.filter(({ headers }) => headers.authorization)).to.deep.equal([]);
      } finally {
        server.closeAllConnections();
        server.close();
      }
    });
  });

  describe('through mirrors and proxies', () => {
    it('asks Docker Hub’s mirrors in their order, and none of them with Docker Hub’s password', async () => {
      const { host } = await registry({ htpasswd });
      const config = dockerConfig({
        auths: {
          'https://index.docker.io/v1/': auth('hub:password'),
          [host]: auth('me:secret'),
        },
      });
      const own = lab.store({ DOCKER_CONFIG: config });
      await fill(host, own, 'library/boat:1');
      const gone = kept(await startFaultProxy(host, () => ({ kind: 'status', status: 404 })));
      const nosy = kept(
        await startFaultProxy(host, () => ({
          ...{ kind: 'status', status: 401 },
          headers: { 'www-authenticate': 'Basic realm="give me"' },
        })),
      );
      const mirrors = [`http://${gone.host}`, `http://${nosy.host}/`, `http://${host}`];
      const file = settings({ 'registry-mirrors': mirrors });
      const store = lab.store({ DOCKER_CONFIG: config, CORACLE_CONFIG: file });
      const pulled = await pullImage('boat:1', store);
      expect(pulled.reference).to.equal('boat:1');
      expect(lab.fileOf(store, 'boat:1', 'etc/name')).to.equal('library/boat:1');
      expect(listImages(store.roots)[0]?.RepoTags).to.deep.equal(['boat:1']);
      expect(gone.seen).to.not.have.length(0);
      expect(nosy.seen).to.not.have.length(0);
      expect(nosy.seen.filter(({ headers }) => headers.authorization)).to.deep.equal([]);
    });

    it('says which setting is no address of a mirror', async () => {
      const file = settings({ 'registry-mirrors': ['mirror.test'] });
      const { message } = await failure(
        'REGISTRY_CONFIG_INVALID',
        pullImage('boat:1', lab.store({ CORACLE_CONFIG: file })),
      );
      expect(message).to.equal(
        `${file}: "registry-mirrors": "mirror.test" is no http or https URL`,
      );
    });

    it('uses the proxy of the environment for all but what NO_PROXY names', async () => {
      const { host } = await registry();
      await fill(host, lab.store());
      const proxy = kept(await startForwardProxy(host));
      const file = settings({ 'insecure-registries': ['registry.test'] });
      const env = { HTTP_PROXY: `http://${proxy.host}`, CORACLE_CONFIG: file };
      const store = lab.store(env);
      await pullImage('registry.test:80/app:1', store);
      expect(lab.fileOf(store, 'registry.test:80/app:1', 'etc/name')).to.equal('app:1');
      const lines = proxy.seen.map(({ line }) => line);
      expect(lines).to.include('GET http://registry.test/v2/app/manifests/1');
      const { length } = proxy.seen;
      await failure(
        'REGISTRY_UNREACHABLE',
        pullImage('registry.test:80/app:1', lab.store({ ...env, NO_PROXY: '.test,other' })),
      );
      expect(proxy.seen).to.have.length(length);
    });
  });

  describe('with a helper for passwords', () => {
    /** A helper program that keeps what it is given in files beside it. */
    function installHelper(name: string): { bin: string; kept: string } {
      const bin = join(lab.folder, `bin-${name}`);
      const store = join(bin, 'kept');
      mkdirSync(store, { recursive: true });
      const program = join(bin, `docker-credential-${name}`);
      writeFileSync(
        program,
        `#!/usr/bin/env node
const { existsSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const input = readFileSync(0, 'utf8').trim();
const file = (host) => ${JSON.stringify(store)} + '/' + encodeURIComponent(host);
switch (process.argv[2]) {
  case 'store': { const given = JSON.parse(input); writeFileSync(file(given.ServerURL), input); break; }
  case 'erase': rmSync(file(input), { force: true }); break;
  case 'get':
    if (existsSync(file(input))) process.stdout.write(readFileSync(file(input)));
    else { console.log('credentials not found in native keychain'); process.exitCode = 1; }
}
`,
      );
      chmodSync(program, 0o755);
      return { bin, kept: store };
    }

    it('logs in, pushes and logs out, and never has the password in a file of its own', async () => {
      const { host } = await registry({ htpasswd });
      const helper = installHelper('box');
      const config = dockerConfig({ credHelpers: { [host]: 'box' }, credsStore: 'absent' });
      const store = lab.store({
        DOCKER_CONFIG: config,
        PATH: `${helper.bin}:${process.env.PATH}`,
      });
      await lab.importTree(store, `${host}/app:1`, { 'etc/name': 'one' });
      const login = ['login', '-u', 'me', '--password-stdin', host];
      const loggedIn = await lab.coracle(store, login, { input: 'secret\n' });
      expect([loggedIn.code, loggedIn.stderr]).to.deep.equal([0, '']);
      expect(existsSync(join(helper.kept, encodeURIComponent(host)))).to.equal(true);
      expect(readFileSync(join(config, 'config.json'), 'utf8'))
        .to.not.contain('secret')
        .and.not.contain(auth('me:secret').auth);
      const pushed = await lab.coracle(store, ['push', '-q', `${host}/app:1`]);
      expect([pushed.code, pushed.stderr]).to.deep.equal([0, '']);
      const loggedOut = await lab.coracle(store, ['logout', host]);
      expect(loggedOut.stdout).to.equal(`Removing login credentials for ${host}\n`);
      expect(existsSync(join(helper.kept, encodeURIComponent(host)))).to.equal(false);
      expect((await lab.coracle(store, ['pull', `${host}/app:1`])).code).to.equal(1);
    });

    it('says which program is missing, and what the one that is there has said', async () => {
      const { host } = await registry({ htpasswd });
      const config = dockerConfig({ credsStore: 'absent' });
      const missing = await lab.coracle(lab.store({ DOCKER_CONFIG: config }), [
        'pull',
        `${host}/app:1`,
      ]);
      expect(missing.code).to.equal(1);
      expect(missing.stderr).to.contain('docker-credential-absent: cannot be run');
      const helper = installHelper('locked');
      const program = join(helper.bin, 'docker-credential-locked');
      renameSync(program, `${program}.real`);
      writeFileSync(program, '#!/bin/sh\necho the box is locked; exit 1\n', { mode: 0o755 });
      const locked = await lab.coracle(
        lab.store({
          DOCKER_CONFIG: dockerConfig({ credsStore: 'locked' }),
          PATH: `${helper.bin}:${process.env.PATH}`,
        }),
        ['pull', `${host}/app:1`],
      );
      expect(locked.stderr).to.contain('docker-credential-locked: the box is locked');
    });
  });
});
