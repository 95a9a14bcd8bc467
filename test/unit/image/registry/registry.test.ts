import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { wantsPull } from '../../../../src/cli/images/pull-policy.ts';
import { isAppError } from '../../../../src/core/index.ts';
import { parseChallenges } from '../../../../src/image/registry/authorization.ts';
import { chooseManifest, parsePlatform } from '../../../../src/image/registry/choose-manifest.ts';
import {
  findCredentials,
  removeCredentials,
  storeCredentials,
} from '../../../../src/image/registry/credentials.ts';
import { proxyFor } from '../../../../src/image/registry/proxy.ts';
import {
  isInsecure,
  readRegistrySettings,
} from '../../../../src/image/registry/registry-settings.ts';
import { retryDelay } from '../../../../src/image/registry/retry.ts';

describe('a registry’s challenge', () => {
  const cases: readonly (readonly [string, readonly object[]])[] = [
    [
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
      [
        {
          scheme: 'bearer',
          realm: 'https://auth.docker.io/token',
          service: 'registry.docker.io',
          scope: 'repository:a/b:pull,push',
        },
      ],
    ],
    ['Basic realm="Registry Realm"', [{ scheme: 'basic', realm: 'Registry Realm' }]],
    ['Negotiate, Basic realm=x', [{ scheme: 'basic', realm: 'x' }]],
    ['', []],
  ];
  for (const [header, expected] of cases) {
    it(`is read from ${JSON.stringify(header)}`, () => {
      expect(parseChallenges(header)).to.deep.equal(expected);
    });
  }
});

describe('credentials for registries', () => {
  let folder: string;
  let env: Record<string, string>;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'coracle-credentials-'));
    env = { DOCKER_CONFIG: folder };
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function configure(config: object): void {
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  }

  it('are found by host, by Docker Hub’s old key, and by a URL', async () => {
    const auth = Buffer.from('me:pass:word').toString('base64');
    configure({
      auths: {
        'https://index.docker.io/v1/': { auth },
        'https://old.example.com/v1/': { auth },
        'token.example.com:5000': { identitytoken: 'refresh' },
      },
    });
    const password = { kind: 'password', username: 'me', password: 'pass:word' };
    expect(await findCredentials('docker.io', env)).to.deep.equal(password);
    expect(await findCredentials('old.example.com', env)).to.deep.equal(password);
    expect(await findCredentials('token.example.com:5000', env)).to.deep.equal({
      kind: 'identityToken',
      token: 'refresh',
    });
    expect(await findCredentials('token.example.com', env)).to.equal(undefined);
  });

  it('come from the helper that the configuration names', async () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    const script =
      '#!/bin/sh\nread host\n[ "$host" = a.example.com ] || { echo "credentials not found in native keychain"; exit 1; }\necho \'{"Username":"helped","Secret":"s"}\'\n';
    writeFileSync(join(bin, 'docker-credential-test'), script);
    chmodSync(join(bin, 'docker-credential-test'), 0o755);
    configure({ credsStore: 'test' });
    const before = process.env.PATH;
    process.env.PATH = `${bin}:${before}`;
    try {
      expect(await findCredentials('a.example.com', env)).to.deep.equal({
        kind: 'password',
        username: 'helped',
        password: 's',
      });
      expect(await findCredentials('b.example.com', env)).to.equal(undefined);
    } finally {
      process.env.PATH = before;
    }
  });

  it('are stored for nobody else to read, beside what the file had, and removed again', async () => {
    configure({ detachKeys: 'ctrl-x' });
    expect(await storeCredentials('r.example.com', { username: 'u', password: 'p' }, env)).to.equal(
      true,
    );
    const path = join(folder, 'config.json');
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    expect(JSON.parse(readFileSync(path, 'utf8'))).to.deep.equal({
      detachKeys: 'ctrl-x',
      auths: { 'r.example.com': { auth: Buffer.from('u:p').toString('base64') } },
    });
    expect(await removeCredentials('r.example.com', env)).to.equal(true);
    expect(await removeCredentials('r.example.com', env)).to.equal(false);
    expect(await findCredentials('r.example.com', env)).to.equal(undefined);
  });

  it('in a file that is no JSON are an error that names it', async () => {
    writeFileSync(join(folder, 'config.json'), '{');
    const failure = await findCredentials('a', env).catch((error: unknown) => error);
    expect(isAppError(failure, 'REGISTRY_CONFIG_INVALID')).to.equal(true);
    expect((failure as Error).message).to.contain(join(folder, 'config.json'));
  });
});

describe('reaching registries', () => {
  it('takes loopback and what the settings name for insecure', () => {
    const folder = mkdtempSync(join(tmpdir(), 'coracle-settings-'));
    const file = join(folder, 'config.json');
    writeFileSync(
      file,
      JSON.stringify({
        'insecure-registries': ['http://lab:5000', '10.1.0.0/16'],
        'registry-mirrors': ['https://mirror.example.com'],
      }),
    );
    const settings = readRegistrySettings({ CORACLE_CONFIG: file }, ['extra:1']);
    rmSync(folder, { recursive: true });
    expect(settings.mirrors).to.deep.equal(['https://mirror.example.com']);
    const insecure = [
      'localhost:5000',
      '127.0.0.9',
      '[::1]:5000',
      'lab:5000',
      '10.1.2.3:5000',
      'extra:1',
    ];
    expect(insecure.filter((domain) => !isInsecure(settings, domain))).to.deep.equal([]);
    const secure = ['lab:5001', '10.2.0.1:5000', 'localhost.example.com', 'docker.io'];
    expect(secure.filter((domain) => isInsecure(settings, domain))).to.deep.equal([]);
  });

  it('uses the proxy of the environment, except for what NO_PROXY and loopback say', () => {
    const env = {
      HTTPS_PROXY: 'proxy:3128',
      http_proxy: 'http://p:1',
      NO_PROXY: '.corp.example, direct.example:444',
    };
    const proxy = (url: string) => proxyFor(new URL(url), env)?.href;
    expect(proxy('https://registry.example/v2/')).to.equal('http://proxy:3128/');
    expect(proxy('http://registry.example/v2/')).to.equal('http://p:1/');
    expect(proxy('https://a.corp.example/')).to.equal(undefined);
    expect(proxy('https://direct.example:444/')).to.equal(undefined);
    expect(proxy('https://direct.example/')).to.equal('http://proxy:3128/');
    expect(proxy('https://127.0.0.1:5000/')).to.equal(undefined);
  });

  it('waits longer from try to try, or as long as it is asked to', () => {
    expect(retryDelay(1, {}, 0, 1)).to.equal(250);
    expect(retryDelay(3, {}, 0, 0)).to.equal(500);
    expect(retryDelay(1, { 'retry-after': '2' }, 0, 0)).to.equal(2000);
    const date = new Date(5000).toUTCString();
    expect(retryDelay(1, { 'retry-after': date }, 1000, 0)).to.equal(4000);
    expect(retryDelay(1, { 'retry-after': '86400' }, 0, 0)).to.equal(30_000);
  });
});

describe('the manifest for a platform', () => {
  const entry = (architecture: string, variant?: string) => ({
    mediaType: 'm',
    digest: `${architecture}${variant ?? ''}`,
    size: 1,
    platform: { os: 'linux', architecture, ...(variant === undefined ? {} : { variant }) },
  });
  const index = {
    schemaVersion: 2 as const,
    manifests: [entry('amd64'), entry('arm', 'v6'), entry('arm', 'v7'), entry('unknown')],
  };

  it('is that of its variant, or the first of its architecture', () => {
    expect(chooseManifest(index, 'x', parsePlatform('linux/arm/v7')).digest).to.equal('armv7');
    expect(chooseManifest(index, 'x', parsePlatform('linux/arm/v8')).digest).to.equal('armv6');
    expect(chooseManifest(index, 'x', parsePlatform('linux/amd64')).digest).to.equal('amd64');
  });

  it('is an error that lists what there is', () => {
    expect(() => chooseManifest(index, 'x', parsePlatform('windows/amd64'))).to.throw(
      /not made for windows\/amd64; there is linux\/amd64, linux\/arm\/v6/,
    );
    expect(() => parsePlatform('arm64')).to.throw(/not written as/);
  });
});

describe('a pull policy', () => {
  const hourMs = 3_600_000;
  const stored = (agoMs: number) => ({ isStored: true, pulledMs: 1e9 - agoMs, nowMs: 1e9 });
  const missing = { isStored: false, pulledMs: undefined, nowMs: 1e9 };

  it('asks for what is missing, unless it says never', () => {
    for (const policy of [undefined, 'missing', 'if_not_present', 'always', 'daily', 'every_2h']) {
      expect(wantsPull(policy, missing), String(policy)).to.equal(true);
    }
    expect(wantsPull('never', missing)).to.equal(false);
    expect(wantsPull('build', missing)).to.equal(false);
  });

  it('asks again for what is there when its time has come', () => {
    expect(wantsPull('missing', stored(1e8))).to.equal(false);
    expect(wantsPull('always', stored(0))).to.equal(true);
    expect(wantsPull('daily', stored(23 * hourMs))).to.equal(false);
    expect(wantsPull('daily', stored(24 * hourMs))).to.equal(true);
    expect(wantsPull('weekly', stored(6 * 24 * hourMs))).to.equal(false);
    expect(wantsPull('every_1h30m', stored(2 * hourMs))).to.equal(true);
    expect(wantsPull('every_1w2d', stored(8 * 24 * hourMs))).to.equal(false);
    expect(wantsPull('daily', { ...stored(0), pulledMs: undefined })).to.equal(true);
  });

  it('that there is not is an error', () => {
    expect(() => wantsPull('sometimes', stored(0))).to.throw(/sometimes/);
  });
});
