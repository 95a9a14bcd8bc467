/** Stacks whose images lie in a registry: when it is asked, what comes from it, and what a failure leaves. */
import { mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { coracleProgram, runCommand } from '../support/command.ts';
import { type Fault, type FaultProxy, startFaultProxy } from '../support/registry/fault-proxy.ts';
import { type RegistryServer, startRegistry } from '../support/registry/registry-server.ts';
import { Scenario } from '../support/scenario.ts';
import { ensureStaticImage, imageCache, STATIC_IMAGE } from '../support/test-images.ts';

const dayMs = 24 * 60 * 60 * 1000;

describe('images in a registry', function () {
  this.timeout(120_000);
  let scenario: Scenario;
  let registry: RegistryServer;
  /** Stands before the registry, counts, and is told what to break. */
  let front: FaultProxy;
  let fault: (line: string) => Fault | undefined;

  let folder: string;
  let archive: string;
  before(async () => {
    await ensureStaticImage();
    folder = mkdtempSync(join(tmpdir(), 'coracle-archive-'));
    archive = join(folder, 'static.tar');
    const save = ['image', 'save', '-o', archive, STATIC_IMAGE];
    const env = { ...process.env, CORACLE_DATA: imageCache };
    const { code, stderr } = await runCommand([process.execPath, coracleProgram, ...save], { env });
    expect(code, stderr).to.equal(0);
  });
  after(() => rmSync(folder, { recursive: true }));
  beforeEach(async () => {
    scenario = Scenario.open('boats', {}, { empty: true });
    await coracle('image', 'load', '-q', '-i', archive);
    registry = await startRegistry(join(scenario.folder, '../registry'));
    fault = () => undefined;
    front = await startFaultProxy(registry.host, (line) => fault(line));
  });
  afterEach(async function () {
    await front.stop();
    await registry.stop();
    await scenario.close(this.currentTest);
  });

  /** Puts the image into the registry under a name, and not into the store. */
  async function publish(name: string, { label = '' } = {}): Promise<void> {
    const full = `${front.host}/${name}`;
    if (label === '') await coracle('tag', STATIC_IMAGE, full);
    else {
      scenario.write('other/Dockerfile', `FROM ${STATIC_IMAGE}\nLABEL made=${label}\n`);
      await coracle('build', '-q', '-t', full, join(scenario.folder, 'other'));
    }
    await coracle('push', '-q', full);
    await coracle('image', 'rm', '-f', full);
  }

  async function coracle(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await scenario.coracle(...args);
    expect(code, `${args.join(' ')}: ${stderr}`).to.equal(0);
    return stdout.trim();
  }

  /** How often an image's manifest was asked for while something was done. */
  async function asked(name: string, work: () => Promise<unknown>): Promise<number> {
    const { length } = front.seen;
    await work();
    const [repository, tag] = name.split(':');
    const line = new RegExp(`^(GET|HEAD) /v2/${repository}/manifests/${tag}$`);
    return front.seen.slice(length).filter((one) => line.test(one.line)).length;
  }

  const compose = (yaml: string) =>
    scenario.write('compose.yaml', yaml.replaceAll('REGISTRY', front.host));
  const up = (...flags: string[]) => scenario.mustCompose('up', '-d', ...flags);
  const idOf = (container: string) => coracle('container', 'inspect', '-f', '{{.Id}}', container);

  /** As if the registry had been asked so long ago. */
  function age(ms: number): void {
    const folder = join(scenario.roots.data, 'images/pulled');
    const when = (Date.now() - ms) / 1000;
    for (const name of readdirSync(folder)) utimesSync(join(folder, name), when, when);
  }

  describe('are asked for by up', () => {
    const service = (policy: string, more = '') =>
      compose(
        `services:\n  web:\n    image: REGISTRY/app:1\n    pull_policy: ${policy}\n${more}    stop_grace_period: 0s\n`,
      );

    it('where they are missing, and not again', async () => {
      await publish('app:1');
      service('missing');
      expect(await asked('app:1', up)).to.equal(1);
      expect(await asked('app:1', up)).to.equal(0);
      expect(await asked('app:1', () => up('--pull', 'always'))).to.equal(1);
    });

    it('each time with always, and a new image means a new container', async () => {
      await publish('app:1');
      service('always');
      expect(await asked('app:1', up)).to.equal(1);
      const first = await idOf('boats-web-1');
      expect(await asked('app:1', up)).to.equal(1);
      expect(await idOf('boats-web-1')).to.equal(first);
      const before = await coracle('container', 'inspect', '-f', '{{.Image}}', 'boats-web-1');
      await publish('app:1', { label: 'anew' });
      await up('--pull', 'never');
      expect(await asked('app:1', up)).to.equal(1);
      expect(await idOf('boats-web-1')).to.not.equal(first);
      expect(await coracle('container', 'inspect', '-f', '{{.Image}}', 'boats-web-1')).to.not.equal(
        before,
      );
    });

    it('never with never: what is missing is told at its line', async () => {
      await publish('app:1');
      service('never');
      let failed = { code: 0, stderr: '' };
      expect(
        await asked('app:1', async () => {
          failed = await scenario.compose(['up', '-d']);
        }),
      ).to.equal(0);
      expect(failed.code).to.equal(1);
      expect(failed.stderr).to.contain('compose.yaml:3:').and.contain(`${front.host}/app:1`);
      await scenario.mustCompose('pull', '--policy', 'always');
      await coracle('pull', '-q', `${front.host}/app:1`);
      expect(await asked('app:1', up)).to.equal(0);
    });

    it('again when their time has come', async () => {
      await publish('app:1');
      for (const [policy, more, soonMs, lateMs] of [
        ['daily', '', 0.9 * dayMs, 1.1 * dayMs],
        ['weekly', '', 6 * dayMs, 8 * dayMs],
        ['every_1h30m', '', 80 * 60_000, 100 * 60_000],
        ['refresh', '    pull_refresh_after: 2h\n', 110 * 60_000, 130 * 60_000],
      ] as const) {
        service(policy, more);
        await up();
        age(soonMs);
        expect(await asked('app:1', up), `${policy}, too soon`).to.equal(0);
        age(lateMs);
        expect(await asked('app:1', up), `${policy}, due`).to.equal(1);
      }
    });
  });

  describe('come by compose pull', () => {
    const three = `
services:
  web:
    image: REGISTRY/web:1
    depends_on: [db]
  db:
    image: REGISTRY/db:1
  tool:
    image: REGISTRY/tool:1
    build: { dockerfile_inline: "FROM ${STATIC_IMAGE}" }
`;
    const isHere = async (name: string) =>
      (await scenario.coracle('image', 'inspect', `${front.host}/${name}`)).code === 0;

    it('for the services that are named, and with --include-deps for theirs', async () => {
      await publish('web:1');
      await publish('db:1');
      compose(three);
      const { stderr, stdout } = await scenario.mustCompose('pull', 'web');
      expect(stdout).to.equal('');
      expect(stderr).to.contain(` Image ${front.host}/web:1  Pulled\n`);
      expect([await isHere('web:1'), await isHere('db:1')]).to.deep.equal([true, false]);
      const quiet = await scenario.mustCompose('pull', '-q', '--include-deps', 'web');
      expect([quiet.stdout, quiet.stderr]).to.deep.equal(['', '']);
      expect(await isHere('db:1')).to.equal(true);
      const pull = (...flags: string[]) => scenario.mustCompose('pull', ...flags, 'web');
      expect(await asked('web:1', () => pull('--policy', 'missing'))).to.equal(0);
      expect(await asked('web:1', () => pull('--policy', 'always'))).to.equal(1);
    });

    it('as far as they are there: what fails is told, and only what can be built does not count', async () => {
      await publish('web:1');
      compose(three);
      const failed = await scenario.compose(['pull']);
      expect(failed.code).to.equal(1);
      expect(failed.stderr).to.contain('compose.yaml:7:12: error: service "db"');
      expect(failed.stderr).to.contain(`warning: ${front.host}/tool:1: it has to be built`);
      expect(await isHere('web:1')).to.equal(true);
      const ignored = await scenario.mustCompose('pull', '--ignore-pull-failures');
      expect(ignored.stderr).to.contain(`warning: ${front.host}/db:1`);
      const tool = () => scenario.mustCompose('pull', '--ignore-buildable', 'web', 'tool');
      expect(await asked('tool:1', tool)).to.equal(0);
    });
  });

  it('get there by compose push, as far as they were built here', async () => {
    compose(`
services:
  web:
    image: REGISTRY/web:1
    build:
      dockerfile_inline: "FROM ${STATIC_IMAGE}\\nLABEL a=web"
      tags: [REGISTRY/web:latest]
    depends_on: [api]
  api:
    image: REGISTRY/api:1
    build: { dockerfile_inline: "FROM ${STATIC_IMAGE}\\nLABEL a=api" }
  db:
    image: REGISTRY/db:1
`);
    const tags = async (repository: string) => {
      const answer = await fetch(`http://${registry.host}/v2/${repository}/tags/list`);
      return ((await answer.json()) as { tags?: string[] }).tags?.sort() ?? [];
    };
    await scenario.mustCompose('build');
    const one = await scenario.mustCompose('push', 'web');
    expect(one.stderr).to.contain(` Image ${front.host}/web:1  Pushed\n`);
    expect([await tags('web'), await tags('api')]).to.deep.equal([['1', 'latest'], []]);
    fault = (line) => (/\/v2\/web\//.test(line) ? { kind: 'status', status: 403 } : undefined);
    const failed = await scenario.compose(['push', '--include-deps', 'web']);
    expect(failed.code).to.equal(1);
    expect(failed.stderr).to.contain(`registry ${front.host} denies access to web`);
    const ignored = await scenario.mustCompose('push', '--ignore-push-failures');
    expect(ignored.stderr)
      .to.contain('warning: ')
      .and.contain(` Image ${front.host}/db:1  Skipped\n`);
    expect(await tags('api')).to.deep.equal(['1']);
    fault = () => undefined;
    const quiet = await scenario.mustCompose('push', '-q');
    expect([quiet.stdout, quiet.stderr]).to.deep.equal(['', '']);
    expect(await tags('db')).to.deep.equal([]);
  });

  it('are listed by compose images for the containers that there are', async () => {
    await publish('app:1');
    compose(
      `services:\n  web:\n    image: REGISTRY/app:1\n    stop_grace_period: 0s\n  two:\n    image: ${STATIC_IMAGE}\n    stop_grace_period: 0s\n`,
    );
    expect((await scenario.mustCompose('images', '-q')).stdout).to.equal('');
    await up();
    const listed = JSON.parse((await scenario.mustCompose('images', '--format', 'json')).stdout);
    expect(
      listed.map(({ ContainerName }: { ContainerName: string }) => ContainerName),
    ).to.have.members(['boats-web-1', 'boats-two-1']);
    const [web] = listed.filter(
      ({ ContainerName }: { ContainerName: string }) => ContainerName === 'boats-web-1',
    );
    expect(web).to.include({ Repository: `${front.host}/app`, Tag: '1' });
    expect(web.ID).to.match(/^sha256:[0-9a-f]{64}$/);
    expect(web.Size).to.be.greaterThan(100_000);
    const table = (await scenario.mustCompose('images', 'two')).stdout.split('\n');
    expect(table[0]).to.match(/^CONTAINER +REPOSITORY +TAG +PLATFORM +IMAGE ID +SIZE +CREATED$/);
    expect(table[1]).to.match(
      /^boats-two-1 +test\/static +1 +linux\/\w+ +[0-9a-f]{12} +\S+ +.* ago$/,
    );
    expect(table).to.have.length(3);
    const ids = (await scenario.mustCompose('images', '-q')).stdout.trim().split('\n');
    // Both names are of one image.
    expect(ids).to.deep.equal([web.ID.replace('sha256:', '')]);
  });
});
