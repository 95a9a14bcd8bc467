/** Any process of ours may be killed at any moment: the next command tells the truth and repairs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { Scenario } from '../support/scenario.ts';
import { ensureToolsImage, TOOLS_IMAGE } from '../support/test-images.ts';

/** Five services on two networks with a volume and a port: every kind of thing that `up` makes. */
const STACK = `
x-tools: &tools
  image: ${TOOLS_IMAGE}
  init: true
  stop_grace_period: 1s
services:
  one:
    <<: *tools
    ports: ["127.0.0.1:18080:80"]
    networks: [front]
  two:
    <<: *tools
    volumes: ["kept:/kept"]
    networks: [front, back]
  three:
    <<: *tools
    depends_on: [one, two]
    networks: [back]
  four:
    <<: *tools
    networks: [back]
  five:
    <<: *tools
    depends_on: [four]
    networks: [front]
networks:
  front:
  back:
volumes:
  kept:
`;
const SERVICES = ['five', 'four', 'one', 'three', 'two'];

/** Moments after the command's start; bare Node needs some 60 ms, the whole `up` some hundreds. */
const MOMENTS_MS = [80, 130, 180, 240, 320, 450];

describe('a command line that is killed', function () {
  this.timeout(120_000);
  let scenario: Scenario;

  before(ensureToolsImage);
  beforeEach(() => {
    scenario = Scenario.open('killed', { 'compose.yaml': STACK });
  });
  afterEach(async function () {
    await scenario.close(this.currentTest);
  });

  for (const moment of MOMENTS_MS) {
    it(`in up after ${moment} ms leaves what the next up -d repairs`, async () => {
      await killAfter(['up', '-d'], moment);
      await scenario.mustCompose('up', '-d');
      expect(await runningServices()).to.deep.equal(SERVICES);
    });
  }

  for (const moment of [100, 200]) {
    it(`in up after ${moment} ms leaves what down -v takes away`, async () => {
      await killAfter(['up', '-d'], moment);
      await scenario.mustCompose('down', '-v', '-t', '0');
      await scenario.expectNothingLeft();
    });
  }

  for (const moment of [100, 180]) {
    it(`in down after ${moment} ms leaves what the next down finishes`, async () => {
      await scenario.mustCompose('up', '-d');
      await killAfter(['down', '-v', '-t', '0'], moment);
      await scenario.mustCompose('down', '-v', '-t', '0');
      await scenario.expectNothingLeft();
    });
  }

  async function killAfter(args: readonly string[], moment: number): Promise<void> {
    const { child, result } = scenario.startCompose(args);
    await sleep(moment);
    child.kill('SIGKILL');
    await result;
  }

  async function runningServices(): Promise<string[]> {
    const { stdout } = await scenario.mustCompose('ps', '--services');
    return stdout.trim().split('\n').sort();
  }
});

describe('a container that loses its processes', function () {
  this.timeout(60_000);
  let scenario: Scenario;

  before(ensureToolsImage);
  beforeEach(async () => {
    scenario = Scenario.open('lost', {
      'compose.yaml': `services:\n  one: {image: '${TOOLS_IMAGE}', init: true, restart: "no"}\n`,
    });
    await scenario.mustCompose('up', '-d');
  });
  afterEach(async function () {
    await scenario.close(this.currentTest);
  });

  it('is reported as exited with 137 when its shim is killed, and its processes are gone', async () => {
    const { pid, shimPid } = scenario.state('lost-one-1');
    process.kill(shimPid, 'SIGKILL');
    await eventually(() => expect(() => process.kill(pid, 0)).to.throw(/ESRCH/));
    const { stdout } = await scenario.mustCompose('ps', '-a');
    expect(stdout).to.match(/lost-one-1 .*Exited \(137\)/);
    await scenario.mustCompose('up', '-d');
    expect(scenario.state('lost-one-1').status).to.equal('running');
  });

  it('is reported as exited when its first process is killed and no restart is asked for', async () => {
    process.kill(scenario.state('lost-one-1').pid, 'SIGKILL');
    await eventually(() => expect(scenario.state('lost-one-1').status).to.equal('exited'));
    expect((await scenario.mustCompose('ps', '-a')).stdout).to.match(/Exited \(137\)/);
  });
});
