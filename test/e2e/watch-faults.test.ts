/** `compose watch`: what cannot be done is told with its place in the file, and everything else goes on. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { repository } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { Scenario } from '../support/scenario.ts';
import { ensureToolsImage, TOOLS_IMAGE } from '../support/test-images.ts';
import { inContainer, treeOf, WatchSession } from '../support/watch-session.ts';

const WAIT = 'command: ["sh", "-c", "trap exit TERM; while :; do sleep 0.1; done"]';

describe('compose watch with what cannot be done', function () {
  this.timeout(60_000);
  let scenario: Scenario;
  let session: WatchSession | undefined;
  const wrappers: string[] = [];

  before(ensureToolsImage);
  afterEach(async function () {
    await session?.end();
    session = undefined;
    await scenario.close(this.currentTest);
    for (const folder of wrappers.splice(0)) rmSync(folder, { recursive: true });
  });

  /** Rules of one service, a line each from line 8 of the file on; `good` into /good is always the last one. */
  function file(rules: readonly string[], more = ''): string {
    const lines = [...rules, '{path: good, target: /good, action: sync}'];
    return `services:
  web:
    image: ${TOOLS_IMAGE}
    ${WAIT}
    ${more === '' ? 'init: false' : more}
    develop:
      watch:
${lines.map((line) => `        - ${line}\n`).join('')}`;
  }

  async function open(files: Record<string, string>, env = {}): Promise<WatchSession> {
    scenario = Scenario.open('faulty', { 'good/a': '1', ...files });
    session = await WatchSession.open(scenario, [], { env });
    return session;
  }

  /** The last rule still works. */
  async function othersGoOn(): Promise<void> {
    scenario.write('good/a', 'still');
    await eventually(() =>
      expect(readFileSync(inContainer(scenario, 'faulty-web-1', '/good/a'), 'utf8')).to.equal(
        'still',
      ),
    );
  }

  it('a read-only root is named with the rule that meets it; a tmpfs in it is written', async () => {
    const watching = await open({
      'compose.yaml': file(
        ['{path: src, target: /usr/src, action: sync}'],
        'read_only: true\n    tmpfs: [/good]',
      ),
      'src/a': '1',
    });
    scenario.write('src/a', '2');
    await watching.sees(
      /^compose.yaml:9:\d+: error: .*"\/usr\/src" is on a read-only file system/m,
    );
    expect(watching.text).to.match(/hint: .*read_only/);
    await othersGoOn();
  });

  it('a target that is a file, or lies in /proc, is named', async () => {
    const watching = await open({
      'compose.yaml': file([
        '{path: src, target: /etc/passwd, action: sync}',
        '{path: src, target: /proc/sys, action: sync}',
      ]),
      'src/a': '1',
    });
    scenario.write('src/a', '2');
    await watching.sees(/^compose.yaml:8:\d+: error: .*"\/etc\/passwd": it is not a folder/m);
    await watching.sees(/^compose.yaml:9:\d+: error: .*"\/proc\/sys": .*the kernel's own/m);
    await othersGoOn();
  });

  it('rules that make no sense are left out, each with its place', async () => {
    const watching = await open({
      'compose.yaml': file([
        '{path: src, action: rebuild}',
        '{path: src, target: /src, action: sync+exec}',
        '{path: src, target: /src, action: sync, ignore: ["a["]}',
      ]),
      'src/a': '1',
    });
    for (const [line, text] of [
      [8, 'without a build context'],
      [9, 'needs a command'],
      [10, 'invalid pattern "a\\["'],
    ]) {
      await watching.sees(new RegExp(`^compose.yaml:${line}:\\d+: error: .*${text}`, 'm'));
    }
    await othersGoOn();
  });

  it('a path that does not exist is named, and followed once it does; so is one that goes and comes back', async () => {
    const watching = await open({
      'compose.yaml': file(['{path: later/deep, target: /later, action: sync}']),
    });
    await watching.sees(/^compose.yaml:8:\d+: error: .*path "later\/deep" does not exist/m);
    const arrives = (content: string) =>
      eventually(() =>
        expect(readFileSync(inContainer(scenario, 'faulty-web-1', '/later/x/a'), 'utf8')).to.equal(
          content,
        ),
      );
    scenario.write('later/deep/x/a', '1');
    await arrives('1');
    rmSync(join(scenario.folder, 'later'), { recursive: true });
    scenario.write('later/deep/x/a', '2');
    await arrives('2');
    await othersGoOn();
  });

  it('a path outside of the project, and one that is bind-mounted already, are told and work', async () => {
    scenario = Scenario.open('faulty', {
      'good/a': '1',
      'compose.yaml': file(
        [
          '{path: ../outside, target: /outside, action: sync}',
          '{path: bound, target: /bound, action: sync+restart}',
        ],
        'volumes: ["./bound:/bound"]',
      ),
      'bound/a': '1',
    });
    const outside = join(scenario.folder, '../outside');
    mkdirSync(outside);
    session = await WatchSession.open(scenario);
    await session.sees(/^WARN: compose.yaml:8:\d+: .*"\S*outside" lies outside of the project/m);
    await session.sees(/^WARN: compose.yaml:9:\d+: .*also declared by a bind mount/m);
    writeFileSync(join(outside, 'a'), '1');
    await eventually(() =>
      expect(existsSync(inContainer(scenario, 'faulty-web-1', '/outside/a'))).to.equal(true),
    );
    const before = session.count(/web: restarted/);
    scenario.write('bound/a', '2');
    await session.sees(/web: restarted/, before + 1);
    expect(session.text).to.not.match(/synced bound/);
    await othersGoOn();
  });

  it('says what to set when no inotify watch is left, and other rules go on', async () => {
    const files = {
      'compose.yaml': file(['{path: big, target: /big, action: sync, initial_sync: false}']),
      ...manyFiles('big'),
    };
    const watching = await open(files, {
      CORACLE_NATIVE: nativeWith(
        'unshare -Ur sh -c "echo 20 > /proc/sys/user/max_inotify_watches; exec',
      ),
    });
    await watching.sees(/^compose.yaml:8:\d+: error: .*path "big".*no inotify watch is left/m);
    expect(watching.text).to.include('fs.inotify.max_user_watches');
    expect(watching.count(/no inotify watch is left/)).to.equal(1);
    await othersGoOn();
  });

  it('finds what has changed when the kernel has lost count of it', async () => {
    const lot = Math.ceil(
      Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8')) * 0.75,
    );
    const watching = await open({
      'compose.yaml': file(['{path: big, target: /big, action: sync}']),
      'big/changed': 'old',
      'big/gone/file': '1',
    });
    const { watcherPid } = watching;
    process.kill(watcherPid, 'SIGSTOP');
    try {
      const at = (name: string) => join(scenario.folder, 'big', name);
      // Each is told twice, written and closed: what comes after two thirds of them is lost.
      for (let n = 0; n < lot; n += 1) writeFileSync(at(`filler-${n % 50}`), `${n}`);
      for (let n = 0; n < 50; n += 1) rmSync(at(`filler-${n}`));
      writeFileSync(at('changed'), 'new');
      mkdirSync(at('new/below'), { recursive: true });
      writeFileSync(at('new/below/file'), '2');
      rmSync(at('gone'), { recursive: true });
    } finally {
      process.kill(watcherPid, 'SIGCONT');
    }
    await eventually(() =>
      expect(treeOf(inContainer(scenario, 'faulty-web-1', '/big'))).to.deep.equal(
        treeOf(join(scenario.folder, 'big')),
      ),
    );
    await othersGoOn();
  });

  it('names a folder that cannot be read, and does not take its files for removed', async () => {
    const files = {
      'compose.yaml': file(['{path: big, target: /big, action: sync}']),
      'big/closed/secret': '1',
      ...manyFiles('big'),
    };
    scenario = Scenario.open('faulty', { 'good/a': '1', ...files });
    const closed = join(scenario.folder, 'big/closed');
    chmodSync(closed, 0o700);
    // The way to the project must be open to the user that cannot read this folder.
    for (const folder of [join(scenario.folder, '..'), scenario.folder]) chmodSync(folder, 0o755);
    session = await WatchSession.open(scenario, [], {
      env: {
        CORACLE_NATIVE: nativeWith(
          'sh -c "exec setpriv --reuid 65534 --clear-groups --bounding-set=-all',
        ),
      },
    });
    await session.sees(/^compose.yaml:8:\d+: error: .*cannot read folder \S*big\/closed/m);
    expect(
      readFileSync(inContainer(scenario, 'faulty-web-1', '/big/closed/secret'), 'utf8'),
    ).to.equal('1');
    await othersGoOn();
  });

  it('refuses services without rules, with what to do', async () => {
    scenario = Scenario.open('faulty', {
      'compose.yaml': `services: {web: {image: ${TOOLS_IMAGE}}}`,
    });
    const { code, stderr } = await scenario.compose(['watch']);
    expect(code).to.equal(1);
    expect(stderr).to.include('none of the selected services is configured for watch');
    expect((await scenario.mustCompose('ps', '-aq')).stdout).to.equal('');
    expect((await scenario.compose(['watch', 'nope'])).stderr).to.include('no such service: nope');
  });

  it('a watch in the background that cannot start says why, and leaves nothing', async () => {
    const files = { 'good/a': '1', 'compose.yaml': file([]) };
    scenario = Scenario.open('faulty', { ...files, ...manyFiles('good') });
    const { code, stderr } = await scenario.compose(['watch', '-d'], {
      env: { CORACLE_NATIVE: nativeWith('sh -c "echo broken >&2; exit 3; exec') },
    });
    expect(code).to.equal(1);
    expect(stderr).to.match(/the watch in the background has ended: [\s\S]*broken/);
    expect(existsSync(join(scenario.roots.run, 'watch'))).to.equal(false);
  });

  /** A tree of 1,200 files in 40 folders. */
  function manyFiles(folder: string): Record<string, string> {
    const names = Array.from({ length: 1200 }, (_, i) => `${folder}/d${i % 40}/f${i}`);
    return Object.fromEntries(names.map((name) => [name, '']));
  }

  /** The native programs, with `watch` started through a wrapper: real limits, for one process. */
  function nativeWith(wrapper: string): string {
    const folder = mkdtempSync(join(tmpdir(), 'coracle-native-'));
    wrappers.push(folder);
    const build = join(repository, 'native/build');
    writeFileSync(
      join(folder, 'coracle-runtime'),
      `#!/bin/sh\nif [ "$1" = watch ]; then exec ${wrapper} ${build}/coracle-runtime watch"; fi\nexec ${build}/coracle-runtime "$@"\n`,
    );
    chmodSync(join(folder, 'coracle-runtime'), 0o755);
    writeFileSync(join(folder, 'coracle-init'), readFileSync(join(build, 'coracle-init')));
    chmodSync(join(folder, 'coracle-init'), 0o755);
    return folder;
  }
});
