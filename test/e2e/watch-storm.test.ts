/**
 * Everything at once on thousands of files: at rest the container's tree is the host's, and no more was done than changed.
 * `CORACLE_STORM_S` is how long the storm lasts, in seconds.
 */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { expect } from 'chai';
import { Stack, type StackWatch, type WatchEvent } from '../../src/index.ts';
import { eventually } from '../support/eventually.ts';
import { Scenario } from '../support/scenario.ts';
import { ensureToolsImage, TOOLS_IMAGE } from '../support/test-images.ts';
import { inContainer, treeOf } from '../support/watch-session.ts';

const STORM_MS = Number(process.env.CORACLE_STORM_S ?? 5) * 1000;
const FILES = 5000;
const FOLDERS = 50;
const FILE = `
services:
  app:
    image: ${TOOLS_IMAGE}
    init: true
    command: ["sleep", "infinity"]
    develop: {watch: [{path: ./src, target: /srv, action: sync, initial_sync: true, ignore: [node_modules/.cache/]}]}
`;

describe('a storm of changes', function () {
  this.timeout(120_000 + 2 * STORM_MS);
  let scenario: Scenario;
  let stack: Stack;
  let events: WatchEvent[];
  let watch: StackWatch;

  before(async () => {
    await ensureToolsImage();
    scenario = Scenario.open('storm', { 'compose.yaml': FILE });
    for (let n = 0; n < FILES; n += 1) write(n, `file ${n}`);
    const { data, run } = scenario.roots;
    const env = { CORACLE_DATA: data, CORACLE_RUN: run };
    stack = await Stack.open({ cwd: scenario.folder, env });
    await stack.up();
  });
  beforeEach(async () => {
    events = [];
    watch = await stack.watch();
    watch.on('any', (event) => events.push(event));
    await equal();
    events = [];
  });
  afterEach(async () => {
    await watch.close();
    for (const event of events) {
      if (event.type === 'failed' || event.type === 'noticed') throw event.error;
    }
  });
  after(async function () {
    await stack?.close();
    await scenario.close(this.test?.parent?.tests.find((test) => test.state === 'failed'));
  });

  const source = (path: string) => join(scenario.folder, 'src', path);
  const nameOf = (n: number) => `d${n % FOLDERS}/f${n}.txt`;

  function write(n: number, text: string): void {
    mkdirSync(dirname(source(nameOf(n))), { recursive: true });
    writeFileSync(source(nameOf(n)), text);
  }

  /** Waits until nothing comes any more, then compares; a tree may be walked while it still changes. */
  async function equal(): Promise<void> {
    const ignore = (path: string) => path === 'node_modules/.cache';
    await eventually(() => {
      const ours = treeOf(inContainer(scenario, 'storm-app-1', '/srv'), ignore);
      expect(ours).to.deep.equal(treeOf(join(scenario.folder, 'src'), ignore));
    }, 30_000);
  }

  const count = (type: WatchEvent['type']) => events.filter((event) => event.type === type).length;

  it('must end in equal trees, with no more actions than change sets', async () => {
    const random = generator(42);
    const until = performance.now() + STORM_MS;
    let changes = 0;
    while (performance.now() < until) {
      for (let burst = 0; burst < 40; burst += 1) {
        changes += 1;
        change(random);
      }
      await later(random() * 20);
    }
    await equal();
    console.log(
      `      ${changes} changes in ${STORM_MS / 1000} s, ${count('changed')} change sets, ${count('synced')} syncs`,
    );
    expect(changes).to.be.greaterThan(500);
    expect(count('synced')).to.be.greaterThan(0);
    expect(count('synced')).to.be.at.most(count('changed'));
  });

  function change(random: () => number): void {
    const n = Math.floor(random() * FILES);
    const path = source(nameOf(n));
    const kind = random();
    if (kind < 0.5) write(n, `${n} ${random()}`);
    else if (kind < 0.65) rmSync(path, { force: true });
    else if (kind < 0.8) {
      if (existsSync(path))
        renameSync(path, source(`d${n % FOLDERS}/moved-${Math.floor(random() * 500)}`));
    } else if (kind < 0.9) {
      // As editors save: a new file takes the old one's place.
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(`${path}~`, `atomic ${random()}`);
      renameSync(`${path}~`, path);
    } else if (kind < 0.94) rmSync(source(`d${n % FOLDERS}`), { recursive: true, force: true });
    else if (kind < 0.97) {
      rmSync(path, { recursive: true, force: true });
      mkdirSync(dirname(path), { recursive: true });
      symlinkSync(`f${n + 1}.txt`, path);
    } else {
      rmSync(path, { recursive: true, force: true });
      mkdirSync(join(path, 'below'), { recursive: true });
      writeFileSync(join(path, 'below/x'), 'x');
      rmSync(path, { recursive: true });
    }
  }

  it('must carry a checkout of all files as few change sets', async () => {
    for (let n = 0; n < FILES; n += 1) {
      rmSync(source(nameOf(n)), { recursive: true, force: true });
      write(n, `branch ${n}`);
    }
    await equal();
    console.log(`      ${FILES} files: ${count('changed')} change sets, ${count('synced')} syncs`);
    expect(count('synced')).to.be.at.most(count('changed'));
    expect(count('changed')).to.be.lessThan(FILES / 50);
  });

  it('must lose no last version between two editors, a checkout, a package manager and a formatter', async () => {
    // A second watch carries the same files at the same time.
    await using second = await stack.watch();
    second.on('any', (event) => events.push(event));
    const until = performance.now() + STORM_MS / 2;
    const random = generator(7);
    const at = async (pauseMs: number, work: (round: number) => void) => {
      for (let round = 0; performance.now() < until; round += 1) {
        work(round);
        await later(pauseMs * random());
      }
    };
    mkdirSync(source('shared'), { recursive: true });
    const shared = source('shared/main.txt');
    await Promise.all([
      at(8, (round) => writeFileSync(shared, `editor one ${round}`)),
      at(9, (round) => {
        writeFileSync(`${shared}.swp`, `editor two ${round}`);
        renameSync(`${shared}.swp`, shared);
      }),
      at(40, (round) => {
        for (let n = 0; n < 300; n += 1) write(n, `commit ${round % 2} ${n}`);
      }),
      at(60, (round) => {
        const modules = source('node_modules');
        rmSync(modules, { recursive: true, force: true });
        for (let n = 0; n < 200; n += 1) {
          const folder = join(modules, `.staging-${n}`);
          mkdirSync(folder, { recursive: true });
          writeFileSync(join(folder, 'index.js'), `${round}`);
          renameSync(folder, join(modules, `package-${n}`));
        }
        mkdirSync(join(modules, '.cache'), { recursive: true });
        writeFileSync(join(modules, '.cache/x'), `${round}`);
      }),
      at(15, (round) => {
        const path = source(nameOf(round % FILES));
        if (existsSync(path)) writeFileSync(path, `${readFileSync(path, 'utf8').trim()}\n`);
        appendFileSync(source('formatted.log'), `${round}\n`);
      }),
    ]);
    await equal();
    const inside = (path: string) => inContainer(scenario, 'storm-app-1', `/srv/${path}`);
    expect(readFileSync(inside('shared/main.txt'), 'utf8')).to.equal(readFileSync(shared, 'utf8'));
    expect(existsSync(inside('node_modules/.cache'))).to.equal(false);
  });
});

/** The same storm each time. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
}
