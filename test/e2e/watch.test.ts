/** `compose watch`: what each action and option does to running containers. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { Scenario } from '../support/scenario.ts';
import {
  ensureStaticImage,
  ensureToolsImage,
  STATIC_IMAGE,
  TOOLS_IMAGE,
} from '../support/test-images.ts';
import { inContainer, lives, treeOf, WatchSession } from '../support/watch-session.ts';

const WAIT = 'command: ["sh", "-c", "trap exit TERM; while :; do sleep 0.1; done"]';

function stack(rules: string, service = `image: ${TOOLS_IMAGE}\n    ${WAIT}`): string {
  return `
services:
  web:
    ${service}
    develop:
      watch:
${rules}
`;
}

describe('compose watch', function () {
  this.timeout(60_000);
  let scenario: Scenario;
  let session: WatchSession | undefined;

  before(async () => {
    await ensureToolsImage();
    await ensureStaticImage();
  });
  afterEach(async function () {
    await session?.end();
    session = undefined;
    await scenario.close(this.currentTest);
  });

  async function open(files: Record<string, string>, ...args: string[]): Promise<WatchSession> {
    scenario = Scenario.open('watched', files);
    session = await WatchSession.open(scenario, args);
    return session;
  }

  const host = (path: string) => join(scenario.folder, path);
  const inside = (path: string) => inContainer(scenario, 'watched-web-1', path);
  const read = (path: string) => readFileSync(inside(path), 'utf8');
  const arrives = (path: string, content: string) =>
    eventually(() => expect(read(path)).to.equal(content), 5000, 10);
  const goes = (path: string) =>
    eventually(() => expect(existsSync(inside(path)), path).to.equal(false), 5000, 10);

  it('sync carries new, changed, renamed and removed files, links and folders, with the mode and the user', async () => {
    const service = `image: ${TOOLS_IMAGE}\n    user: "1234:4321"\n    ${WAIT}`;
    await open({
      'compose.yaml': stack('        - {path: src, target: /app/src, action: sync}', service),
      'src/a.txt': 'one',
    });
    await arrives('/app/src/a.txt', 'one');

    scenario.write('src/a.txt', 'two');
    await arrives('/app/src/a.txt', 'two');
    scenario.write('src/deep/er/b.sh', '#!');
    chmodSync(host('src/deep/er/b.sh'), 0o751);
    await eventually(() =>
      expect(statSync(inside('/app/src/deep/er/b.sh')).mode & 0o7777).to.equal(0o751),
    );
    for (const path of ['/app/src', '/app/src/a.txt', '/app/src/deep', '/app/src/deep/er/b.sh']) {
      const { uid, gid } = statSync(inside(path));
      expect([uid, gid], path).to.deep.equal([1234, 4321]);
    }

    symlinkSync('../a.txt', host('src/deep/link'));
    await eventually(() => expect(readlinkSync(inside('/app/src/deep/link'))).to.equal('../a.txt'));
    renameSync(host('src/deep'), host('src/moved'));
    await arrives('/app/src/moved/er/b.sh', '#!');
    await goes('/app/src/deep');
    rmSync(host('src/moved'), { recursive: true });
    await goes('/app/src/moved');

    // As editors save: a file beside it, then a rename over it.
    scenario.write('src/.a.txt.swp', 'x');
    scenario.write('src/a.new', 'three');
    renameSync(host('src/a.new'), host('src/a.txt'));
    await arrives('/app/src/a.txt', 'three');
    expect(treeOf(inside('/app/src'))).to.deep.equal(
      treeOf(host('src'), (path) => path.endsWith('.swp')),
    );
  });

  it('sync replaces a folder by a file, a file by a folder, and a link by what it hid', async () => {
    await open({
      'compose.yaml': stack('        - {path: src, target: /app, action: sync}'),
      'src/thing': 'file',
    });
    await arrives('/app/thing', 'file');
    rmSync(host('src/thing'));
    scenario.write('src/thing/below', 'folder');
    await arrives('/app/thing/below', 'folder');
    rmSync(host('src/thing'), { recursive: true });
    scenario.write('src/thing', 'file again');
    await arrives('/app/thing', 'file again');

    // The service puts a link to its own /etc where the host is about to have a folder.
    await scenario.mustCompose('exec', '-T', 'web', 'ln', '-s', '/etc', '/app/dir');
    const passwd = read('/etc/passwd');
    scenario.write('src/dir/passwd', 'root::0:0::/:/bin/sh');
    await eventually(() => expect(lstatSync(inside('/app/dir')).isDirectory()).to.equal(true));
    await arrives('/app/dir/passwd', 'root::0:0::/:/bin/sh');
    expect(read('/etc/passwd')).to.equal(passwd);
  });

  it('sync needs nothing in the image: one static program, no shell, no folder', async () => {
    await open({
      'compose.yaml': stack(
        '        - {path: src, target: /data/in, action: sync}',
        `image: ${STATIC_IMAGE}\n    user: "65534"`,
      ),
      'src/a.txt': 'one',
    });
    scenario.write('src/a.txt', 'two');
    await arrives('/data/in/a.txt', 'two');
    expect(statSync(inside('/data/in/a.txt')).uid).to.equal(65534);
  });

  it('sync of one file goes to the file that the target names, or into the folder that it is', async () => {
    await open({
      'compose.yaml': stack(`
        - {path: a.json, target: /etc/app.json, action: sync}
        - {path: b.json, target: /etc, action: sync}
        - {path: c.json, target: /conf.d/, action: sync}
`),
      'a.json': '1',
      'b.json': '2',
      'c.json': '3',
    });
    for (const name of ['a', 'b', 'c']) scenario.write(`${name}.json`, `new ${name}`);
    await arrives('/etc/app.json', 'new a');
    await arrives('/etc/b.json', 'new b');
    await arrives('/conf.d/c.json', 'new c');
    rmSync(host('a.json'));
    await goes('/etc/app.json');
    scenario.write('a.json', 'back');
    await arrives('/etc/app.json', 'back');
  });

  it('what is ignored is neither entered nor synced, what is included alone is', async () => {
    const watching = await open({
      'compose.yaml': stack(`
        - path: .
          target: /app
          action: sync
          ignore: [node_modules/, "**/*.log", "!keep.log", compose.yaml]
        - {path: web, target: /web, action: sync, include: ["**/*.css"]}
`),
      'node_modules/x/index.js': 'x',
      'web/a.css': 'a',
      'web/a.js': 'a',
    });
    scenario.write('node_modules/y/index.js', 'y');
    scenario.write('b.log', 'b');
    scenario.write('web/deep/b.css', 'b');
    scenario.write('web/deep/b.js', 'b');
    scenario.write('keep.log', 'keep');
    await arrives('/app/keep.log', 'keep');
    await arrives('/web/deep/b.css', 'b');
    expect(treeOf(inside('/web')).map((line) => line.split(' ', 1)[0])).to.deep.equal([
      'a.css',
      'deep/',
      'deep/b.css',
    ]);
    for (const path of ['node_modules', 'b.log', 'compose.yaml']) {
      expect(existsSync(inside(`/app/${path}`)), path).to.equal(false);
    }
    expect(watching.text).to.not.include('node_modules');
  });

  it('sync+restart writes, then restarts once for a change set; restart writes nothing', async () => {
    const watching = await open({
      'compose.yaml': stack(`
        - {path: conf, target: /conf, action: sync+restart}
        - {path: flags, target: /flags, action: sync+restart}
        - {path: touch.txt, action: restart}
`),
      'conf/a': '1',
      'flags/a': '1',
      'touch.txt': '1',
    });
    const { pid } = scenario.state('watched-web-1');
    // What had changed before has restarted it, too.
    const before = watching.count(/web: restarted/);
    for (let i = 0; i < 20; i += 1) scenario.write(`conf/file${i}`, `${i}`);
    scenario.write('flags/a', '2');
    await watching.sees(/web: restarted/, before + 1);
    const second = scenario.state('watched-web-1').pid;
    expect(second).to.not.equal(pid);
    await arrives('/conf/file19', '19');
    await arrives('/flags/a', '2');
    scenario.write('touch.txt', '2');
    await watching.sees(/web: restarted/, before + 2);
    expect(existsSync(inside('/touch.txt'))).to.equal(false);
    expect(scenario.state('watched-web-1').pid).to.not.equal(second);
    expect(watching.count(/web: restarted/)).to.equal(before + 2);
  });

  it('sync+exec runs its command in the container, once for a change set, and tells of its failure', async () => {
    const watching = await open({
      'compose.yaml': stack(`
        - path: src
          target: /src
          action: sync+exec
          exec:
            command: ["sh", "-c", "echo got $$(cat /src/a) as $$(id -u) in $$PWD $$WHO; test $$(cat /src/a) != bad"]
            user: "1000"
            working_dir: /tmp
            environment: {WHO: me}
`),
    });
    scenario.write('src/a', 'good');
    await watching.sees(/\| got good as 1000 in \/tmp me$/m);
    expect(watching.text).to.match(/web: ran sh -c .* after the save$/m);
    scenario.write('src/a', 'bad');
    await watching.sees(/compose.yaml:\d+:\d+: error: service "web": sh -c .* ended with code 1/);
    scenario.write('src/a', 'better');
    await watching.sees(/\| got better/);
  });

  it('brings what changed while nothing watched, unless initial_sync says no', async () => {
    scenario = Scenario.open('watched', {
      'compose.yaml': stack(`
        - {path: own, target: /own, action: sync}
        - {path: all, target: /all, action: sync, initial_sync: true}
        - {path: none, target: /none, action: sync, initial_sync: false}
`),
      'own/a': 'a',
      'all/a': 'a',
      'none/a': 'a',
    });
    await scenario.mustCompose('up', '-d');
    scenario.write('own/a', 'changed');
    session = await WatchSession.open(scenario, ['--no-up']);
    expect(read('/own/a')).to.equal('changed');
    expect(read('/all/a')).to.equal('a');
    expect(existsSync(inside('/none/a'))).to.equal(false);
    scenario.write('none/b', 'b');
    await arrives('/none/b', 'b');
    expect(existsSync(inside('/none/a'))).to.equal(false);
  });

  it('killed in the middle of a large file leaves nothing half-made, and the next watch brings it', async () => {
    await open({
      'compose.yaml': stack('        - {path: src, target: /srv, action: sync}'),
      'src/small': 'one',
    });
    for (const pauseMs of [5, 20, 50]) {
      writeFileSync(host('src/large'), Buffer.alloc(64 << 20, `${pauseMs} `));
      await later(pauseMs);
      await session?.end('SIGKILL');
      expect(readdirSync(inside('/srv')).filter((name) => name.startsWith('.'))).to.deep.equal([]);
      session = await WatchSession.open(scenario, []);
      await eventually(() => {
        expect(statSync(inside('/srv/large')).size).to.equal(64 << 20);
        expect(readFileSync(inside('/srv/large')).equals(readFileSync(host('src/large')))).to.equal(
          true,
        );
      });
    }
  });

  it('follows its service over recreation, scaling and restart', async () => {
    const watching = await open({
      'compose.yaml': stack(
        '        - {path: src, target: /src, action: sync, initial_sync: false}',
      ),
      'src/old': 'old',
    });
    scenario.write('src/a', '1');
    await arrives('/src/a', '1');
    const { id } = scenario.state('watched-web-1');
    await scenario.mustCompose('up', '-d', '--force-recreate', '-t', '1');
    expect(scenario.state('watched-web-1').id).to.not.equal(id);
    await arrives('/src/a', '1');
    expect(existsSync(inside('/src/old'))).to.equal(false);
    await scenario.mustCompose('restart', '-t', '1');
    scenario.write('src/a', '2');
    await arrives('/src/a', '2');
    await scenario.mustCompose('up', '-d', '--scale', 'web=2');
    scenario.write('src/b', 'both');
    for (const name of ['watched-web-1', 'watched-web-2']) {
      await eventually(() =>
        expect(readFileSync(inContainer(scenario, name, '/src/b'), 'utf8')).to.equal('both'),
      );
    }
    expect(watching.text).to.not.include('error:');
  });

  it('keeps what changes while its service is down for its return', async () => {
    const watching = await open({
      'compose.yaml': stack('        - {path: src, target: /src, action: sync}'),
      'src/a': '1',
      'src/gone': '1',
    });
    await arrives('/src/gone', '1');
    await scenario.mustCompose('stop', '-t', '1');
    scenario.write('src/a', '2');
    rmSync(host('src/gone'));
    await watching.sees(/compose.yaml:\d+:\d+: error: service "web" is not running/);
    await scenario.mustCompose('start');
    await arrives('/src/a', '2');
    await goes('/src/gone');
    expect(watching.count(/is not running/)).to.equal(1);
  });

  it('Ctrl-C ends the watch with code 130 and leaves the containers running', async () => {
    const watching = await open({
      'compose.yaml': stack('        - {path: src, target: /src, action: sync}'),
      'src/a': '1',
    });
    expect((await watching.end()).code).to.equal(130);
    const { stdout } = await scenario.mustCompose('ps', '--format', 'json');
    expect(stdout).to.include('"State":"running"');
  });

  it('up --watch watches beside the output, and Ctrl-C stops the containers as up does', async () => {
    scenario = Scenario.open('watched', {
      'compose.yaml': stack(
        '        - {path: src, target: /src, action: sync+restart}',
        `image: ${TOOLS_IMAGE}\n    command: ["sh", "-c", "trap exit TERM; cat /src/a; while :; do sleep 0.1; done"]`,
      ),
      'src/a': 'first\n',
    });
    session = new WatchSession(scenario, ['up', '--watch']);
    await session.sees(/Watch enabled/);
    scenario.write('src/a', 'second\n');
    await session.sees(/web-1 +\| second$/m);
    expect((await session.end()).code).to.equal(130);
    session = undefined;
    expect((await scenario.mustCompose('ps', '-q')).stdout).to.equal('');
    const refused = await scenario.compose(['up', '--watch', '-d']);
    expect(refused.code).to.not.equal(0);
    expect(refused.stderr).to.include('--watch and --detach cannot be combined');
  });

  it('watch -d goes on in the background, is shown by ps, taken over by watch, and ended by down', async () => {
    scenario = Scenario.open('watched', {
      'compose.yaml': stack('        - {path: src, target: /src, action: sync}'),
      'src/a': '1',
    });
    const { stdout } = await scenario.mustCompose('watch', '-d');
    const pidIn = (text: string) => Number(/\(pid (\d+),/.exec(text)?.[1]);
    const pid = pidIn(stdout);
    expect(lives(pid)).to.equal(true);
    scenario.write('src/a', '2');
    await arrives('/src/a', '2');
    const shown = await scenario.mustCompose('ps');
    expect(shown.stdout).to.match(/^Watched in the background: all services, for .* \(pid \d+\)$/m);
    expect((await scenario.mustCompose('ps', '-q')).stdout.trim().split('\n')).to.have.length(1);

    session = await WatchSession.open(scenario);
    expect(session.text).to.include('this watch takes over');
    expect(lives(pid)).to.equal(false);
    await session.end();
    session = undefined;

    const again = (await scenario.mustCompose('watch', '-d')).stdout;
    process.kill(pidIn(again), 'SIGKILL');
    await eventually(async () =>
      expect((await scenario.mustCompose('ps')).stdout).to.not.include('Watched'),
    );
    const last = (await scenario.mustCompose('watch', '-d')).stdout;
    await scenario.mustCompose('down', '-t', '1');
    expect(lives(pidIn(last))).to.equal(false);
  });

  it('--dry-run says what it would watch and changes nothing; --quiet hides output', async () => {
    scenario = Scenario.open('watched', {
      'compose.yaml': stack(
        '        - {path: src, target: /src, action: sync}',
        `image: ${TOOLS_IMAGE}\n    command: ["sh", "-c", "echo loud; sleep 1000"]`,
      ),
      'src/a': '1',
    });
    const { stdout } = await scenario.mustCompose('--dry-run', 'watch');
    expect(stdout).to.include('would watch web: src → /src (sync)');
    expect((await scenario.mustCompose('ps', '-aq')).stdout).to.equal('');
    session = await WatchSession.open(scenario, ['--quiet']);
    scenario.write('src/a', '2');
    await session.sees(/web: synced src\/a in \d+ ms/);
    expect(session.text).to.not.include('loud');
  });

  it('watches several services, each with its own rules', async () => {
    scenario = Scenario.open('watched', {
      'compose.yaml': `
services:
  web:
    image: ${TOOLS_IMAGE}
    ${WAIT}
    develop: {watch: [{path: shared, target: /shared, action: sync}]}
  api:
    image: ${TOOLS_IMAGE}
    ${WAIT}
    develop: {watch: [{path: shared, target: /lib, action: sync+restart}, {path: api, target: /api, action: sync}]}
`,
      'shared/a': '1',
      'api/a': '1',
    });
    session = await WatchSession.open(scenario);
    scenario.write('shared/a', '2');
    await arrives('/shared/a', '2');
    await session.sees(/api: restarted/);
    expect(readFileSync(inContainer(scenario, 'watched-api-1', '/lib/a'), 'utf8')).to.equal('2');
    expect(session.text).to.not.match(/web: restarted/);
    await session.end();
    session = await WatchSession.open(scenario, ['--no-up', 'api']);
    scenario.write('shared/a', '3');
    await session.sees(/api: restarted/);
    expect(session.text).to.not.match(/web: (shared|synced)/);
  });

  it('rebuild builds once for a change set and once for the same build, replaces the containers, and prunes', async () => {
    const build = `{context: ., network: none, dockerfile_inline: "FROM ${TOOLS_IMAGE}\\nCOPY app.txt conf.txt /\\nRUN echo built >> /log"}`;
    scenario = Scenario.open(
      'watched',
      {
        'compose.yaml': `
services:
  web:
    build: ${build}
    ${WAIT}
    develop: {watch: [{path: app.txt, action: rebuild}, {path: conf.txt, target: /conf.txt, action: sync}]}
  twin:
    build: ${build}
    ${WAIT}
    develop: {watch: [{path: app.txt, action: rebuild}]}
`,
        'app.txt': 'one',
        'conf.txt': 'one',
      },
      { builds: true },
    );
    session = await WatchSession.open(scenario);
    expect(read('/app.txt')).to.equal('one');
    const { id } = scenario.state('watched-web-1');
    scenario.write('conf.txt', 'synced');
    await arrives('/conf.txt', 'synced');
    expect(scenario.state('watched-web-1').id).to.equal(id);

    scenario.write('app.txt', 'two');
    await session.sees(/twin, web: rebuilt after app.txt changed, running again .* after the save/);
    expect(scenario.state('watched-web-1').id).to.not.equal(id);
    expect(read('/app.txt')).to.equal('two');
    // In the image, or brought by the watch: the last version is there.
    expect(read('/conf.txt')).to.equal('synced');
    expect(readFileSync(inContainer(scenario, 'watched-twin-1', '/app.txt'), 'utf8')).to.equal(
      'two',
    );

    scenario.write('compose.override.txt', 'no rule cares');
    scenario.write('app.txt', 'three');
    await session.sees(/rebuilt after app.txt changed/, 2);
    // A save seen in two halves is built twice: at rest, nothing that was replaced is left. Others' images are theirs.
    const filters = ['-f', 'dangling=true', '-f', 'label=com.docker.compose.project=watched'];
    await eventually(async () => {
      expect((await scenario.coracle('image', 'ls', '-q', ...filters)).stdout).to.equal('');
    });
  });

  it('a build that fails leaves the old containers running, and the next save builds again', async () => {
    scenario = Scenario.open(
      'watched',
      {
        'compose.yaml': `
services:
  web:
    build: {context: ., network: none}
    ${WAIT}
    develop: {watch: [{path: app.txt, action: rebuild}]}
`,
        Dockerfile: `FROM ${TOOLS_IMAGE}\nCOPY app.txt /\nRUN grep -q good /app.txt\n`,
        'app.txt': 'good 1',
      },
      { builds: true },
    );
    session = await WatchSession.open(scenario);
    const { pid } = scenario.state('watched-web-1');
    scenario.write('app.txt', 'bad');
    await session.sees(/Dockerfile:3/);
    expect(scenario.state('watched-web-1').pid).to.equal(pid);
    scenario.write('app.txt', 'good 2');
    await session.sees(/web: rebuilt/);
    expect(read('/app.txt')).to.equal('good 2');
  });
});
