/**
 * From a save to the next answer over HTTP: a Node app that reloads by itself under `sync`, and one that is restarted under
 * `sync+restart`. `CORACLE_ROUNDS` saves each; every one must be answered with what was saved, in order.
 */
import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { expect } from 'chai';
import { Stack } from '../../src/index.ts';
import { Scenario } from '../support/scenario.ts';
import { ensureStandInImages } from '../support/test-images.ts';

const ROUNDS = Number(process.env.CORACLE_ROUNDS ?? 10);
const FILE = `
x-app: &app
  image: stand-in/node:18
  init: true
  working_dir: /app
  ports: ["127.0.0.1::8080"]
services:
  reloads:
    <<: *app
    command: ["node", "server.js"]
    develop: {watch: [{path: ./app, target: /app, action: sync, initial_sync: true}]}
  restarts:
    <<: *app
    command: ["node", "once.js"]
    stop_signal: SIGKILL
    develop: {watch: [{path: ./app, target: /app, action: sync+restart, initial_sync: true}]}
`;
/** Looks for a change itself, as nodemon and vite do. */
const SERVER = `
const fs = require('node:fs');
let text = '';
const load = () => { try { text = fs.readFileSync('/app/text.txt', 'utf8'); } catch {} };
load();
fs.watch('/app', load);
require('node:http').createServer((_, reply) => reply.end(text)).listen(8080);
`;
const ONCE = `
const text = require('node:fs').readFileSync('/app/text.txt', 'utf8');
require('node:http').createServer((_, reply) => reply.end(text)).listen(8080);
`;

describe('a save, and the answer over HTTP', function () {
  this.timeout(60_000 + ROUNDS * 4000);
  let scenario: Scenario;
  let stack: Stack;

  before(async () => {
    await ensureStandInImages();
    scenario = Scenario.open('reload', {
      'compose.yaml': FILE,
      'app/server.js': SERVER,
      'app/once.js': ONCE,
      'app/text.txt': 'first',
    });
    const { data, run } = scenario.roots;
    stack = await Stack.open({
      cwd: scenario.folder,
      env: { CORACLE_DATA: data, CORACLE_RUN: run },
    });
    // Nothing of the app is in the image: the watch brings it, and the first start has to fail.
    await stack.up({ wait: false }).catch(() => undefined);
    const watch = await stack.watch();
    watch.on('failed', ({ error }) => console.log(`      ${error.message}`));
    await stack.restart();
  });
  after(async function () {
    await stack?.close();
    await scenario.close(this.test?.parent?.tests.find((test) => test.state === 'failed'));
  });

  for (const service of ['reloads', 'restarts']) {
    it(`must show each save of the service that ${service}`, async () => {
      const url = await address(service);
      const spans: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const text = `${service} ${round}`;
        const saved = performance.now();
        scenario.write('app/text.txt', text);
        await answers(url, text);
        spans.push(performance.now() - saved);
        await later(50);
      }
      spans.sort((a, b) => a - b);
      const [median = 0, worst = 0] = [spans[Math.floor(spans.length / 2)], spans.at(-1)];
      console.log(
        `      ${ROUNDS} rounds: median ${median.toFixed(1)} ms, worst ${worst.toFixed(1)} ms`,
      );
    });
  }

  async function address(service: string): Promise<string> {
    const { host, port } = await stack.port(service, 8080);
    return `http://${host}:${port}/`;
  }

  /** Asks until the text is there; one that is neither it nor an earlier one would be a mistake. */
  async function answers(url: string, text: string): Promise<void> {
    const seen = new Set<string>();
    for (const until = performance.now() + 20_000; performance.now() < until; ) {
      try {
        const got = await (await fetch(url, { headers: { connection: 'close' } })).text();
        if (got === text) return;
        seen.add(got);
      } catch {
        // Between two processes of the service nobody listens.
      }
      await later(1);
    }
    expect(
      [...seen],
      `no answer ${text} at ${url} from ${join(scenario.folder, 'app')}`,
    ).to.include(text);
  }
});
