/** From Dockerfiles to running stacks, and what a user sees on the way. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { repository } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { type RegistryServer, startRegistry } from '../support/registry/registry-server.ts';
import { Scenario } from '../support/scenario.ts';
import { ensureStandInImages, ensureToolsImage, TOOLS_IMAGE } from '../support/test-images.ts';

describe('building a stack', function () {
  this.timeout(180_000);
  let scenario: Scenario;

  before(async () => {
    await ensureToolsImage();
    await ensureStandInImages();
  });
  afterEach(async function () {
    await scenario.close(this.currentTest);
  });

  const open = (files: Readonly<Record<string, string>>) => {
    scenario = Scenario.open('build', files, { builds: true });
  };

  it('goes from build through push, prune -a and pull to an answer, in three tiers', async () => {
    open({});
    scenario.copy('fixtures/scenarios/three-tier');
    const registry: RegistryServer = await startRegistry(join(scenario.folder, '../registry'));
    try {
      scenario.write(
        '.env',
        [
          `REGISTRY=${registry.host}`,
          'NODE_IMAGE=stand-in/node:18',
          'NGINX_IMAGE=test/nginx:1',
          'MYSQL_IMAGE=stand-in/mysql:8.0',
          `MODULES=${join(repository, 'fixtures/todo-app/node_modules')}`,
        ].join('\n'),
      );
      const built = await scenario.mustCompose('build');
      for (const name of ['web', 'api', 'db']) {
        expect(built.stderr).to.include(` Image ${registry.host}/three-tier/${name}:1  Built\n`);
      }
      const again = await scenario.mustCompose('build');
      expect(again.stderr).to.not.match(/^#\d+ DONE (?!0\.0s)/m);
      await scenario.mustCompose('push');
      // Not one image is left here: neither what was built nor what it was built from.
      expect((await scenario.coracle('image', 'prune', '-a', '-f')).code).to.equal(0);
      expect((await scenario.coracle('builder', 'prune', '--all', '-f')).code).to.equal(0);
      expect((await scenario.coracle('image', 'ls', '-aq')).stdout).to.equal('');
      expect(readdirSync(join(scenario.roots.data, 'layers'))).to.deep.equal([]);
      await scenario.mustCompose('pull');
      await scenario.mustCompose('up', '-d', '--no-build');
      const answer = await eventually(async () => {
        const response = await fetch('http://127.0.0.1:18090/api/boats');
        expect(response.status).to.equal(200);
        return response.json();
      }, 60_000);
      expect(answer).to.deep.equal({ path: '/api/boats', boats: ['coracle', 'currach'] });
      const page = await (await fetch('http://127.0.0.1:18090/')).text();
      expect(page).to.equal('<title>Three tiers</title>\n');
      await scenario.mustCompose('down', '-v', '-t', '1');
    } finally {
      await registry.stop();
    }
  });

  it('builds a base before what is built from it, and only with its context', async () => {
    open({
      'compose.yaml': `
services:
  web:
    build:
      dockerfile_inline: |
        FROM lab/base:1
        RUN echo web >> /made
    command: cat /made
  base:
    image: lab/base:1
    build:
      dockerfile_inline: |
        FROM ${TOOLS_IMAGE}
        RUN sleep 0.3 && echo base > /made
  tests:
    build:
      additional_contexts: { base: service:base }
      dockerfile_inline: |
        FROM base
        RUN echo tests >> /made
    command: cat /made
`,
    });
    await scenario.mustCompose('build');
    expect((await scenario.mustCompose('run', '--rm', '-T', 'web')).stdout).to.equal('base\nweb\n');
    await scenario.coracle('image', 'rm', '-f', 'lab/base:1', 'build-tests:latest');
    const { stderr } = await scenario.mustCompose('build', 'tests');
    expect(stderr).to.include(' Image lab/base:1  Built').and.not.include('build-web');
    expect((await scenario.mustCompose('run', '--rm', '-T', 'tests')).stdout).to.equal(
      'base\ntests\n',
    );
  });

  it('shows what would be built with --dry-run and --print, and builds nothing', async () => {
    open({
      'compose.yaml': `services:\n  web:\n    build:\n      dockerfile_inline: "FROM ${TOOLS_IMAGE}"\n`,
    });
    const dry = await scenario.mustCompose('--dry-run', 'build');
    expect(dry.stderr).to.equal(' DRY-RUN MODE -  Image build-web  Building\n');
    const printed = JSON.parse((await scenario.mustCompose('build', '--print')).stdout);
    expect(printed.target.web).to.include({ context: scenario.folder });
    expect(printed.target.web.output).to.deep.equal(['type=docker']);
    expect((await scenario.coracle('image', 'inspect', 'build-web')).code).to.not.equal(0);
  });

  it('shows the log of a failed step and its line, stops the others and leaves nothing', async () => {
    open({
      'compose.yaml': `
services:
  bad:
    build: bad
  slow:
    build:
      dockerfile_inline: |
        FROM ${TOOLS_IMAGE}
        RUN sleep 100
`,
      'bad/Dockerfile': `FROM ${TOOLS_IMAGE}\nRUN echo first line \\\n  && echo to stderr >&2 \\\n  && sleep 0.3 && exit 42\n`,
    });
    const { code, stderr } = await scenario.compose(['build']);
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /^------\n > \[.*2\/2\] RUN echo first line.*:\nfirst line\nto stderr\n------$/m,
    );
    expect(stderr).to.match(/Dockerfile:2:1: error: process .* exit code: 42/);
    expect(stderr).to.include('CANCELED');
    await scenario.expectNothingLeft();
  });

  it('ends with its steps when it is killed, and the next build goes on where it was', async () => {
    open({
      'compose.yaml': 'services:\n  web:\n    build: .\n',
      Dockerfile: `FROM ${TOOLS_IMAGE}\nRUN echo one > /one\nRUN echo under way && sleep \${SECONDS_TO_WAIT:-1000}\n`,
    });
    const { child, result } = scenario.startCompose(['build']);
    await new Promise<void>((resolve) => {
      child.stderr?.on('data', (text: string) => {
        if (/ under way\n/.test(text)) resolve();
      });
    });
    child.kill('SIGKILL');
    await result;
    // The step's shim has lost its client; nobody tidies up yet.
    await eventually(() => {
      const ps = readdirSync('/proc').filter(
        (pid) => /^\d+$/.test(pid) && commandOf(pid) === 'sleep 1000',
      );
      expect(ps).to.deep.equal([]);
    });
    scenario.write('Dockerfile', `FROM ${TOOLS_IMAGE}\nRUN echo one > /one\nRUN test -s /one\n`);
    const { stderr } = await scenario.mustCompose('build');
    expect(stderr).to.match(/RUN echo one > \/one\n#\d+ CACHED/);
    expect(readdirSync(join(scenario.roots.data, 'build/work'))).to.deep.equal([]);
    expect(existsSync(join(scenario.roots.data, 'build/snapshots'))).to.equal(true);
    await scenario.expectNothingLeft();
  });

  it('builds with up --build and with pull_policy: build, and never with --no-build', async () => {
    open({
      'compose.yaml': `services:\n  web:\n    pull_policy: build\n    build: .\n    command: cat /made\n`,
      Dockerfile: `FROM ${TOOLS_IMAGE}\nCOPY made /made\n`,
      made: 'one\n',
    });
    const up = async (...flags: string[]) => {
      await scenario.mustCompose('up', '-d', ...flags);
      return eventually(async () => {
        const { stdout } = await scenario.mustCompose('logs', '--no-log-prefix', 'web');
        expect(stdout).to.match(/\n$/);
        return stdout;
      });
    };
    expect((await scenario.compose(['up', '-d', '--no-build'])).code).to.equal(1);
    expect(await up()).to.equal('one\n');
    scenario.write('made', 'two\n');
    expect(await up()).to.equal('two\n');
    scenario.write('compose.yaml', 'services:\n  web:\n    build: .\n    command: cat /made\n');
    scenario.write('made', 'three\n');
    expect(await up('--build')).to.equal('three\n');
  });
});

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
  } catch {
    // It has ended since it was listed.
    return '';
  }
}
