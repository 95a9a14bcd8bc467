/** The everyday commands on a small stack: what they print, what they return. */
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { Scenario } from '../support/scenario.ts';
import { ensureToolsImage, TOOLS_IMAGE } from '../support/test-images.ts';

const TICKING = 'i=0; while :; do i=$$((i+1)); echo tick $$i; sleep 0.1; done';
const STACK = `
services:
  web:
    image: ${TOOLS_IMAGE}
    init: true
    command: ["sh", "-c", "echo ready; exec sleep infinity"]
    depends_on: {db: {condition: service_healthy}}
  db:
    image: ${TOOLS_IMAGE}
    init: true
    command: ["sh", "-c", "sleep 0.3; touch /tmp/ready; exec sleep infinity"]
    healthcheck: {test: ["CMD", "test", "-e", "/tmp/ready"], interval: 100ms, retries: 50}
  clock:
    image: ${TOOLS_IMAGE}
    init: true
    command: ["sh", "-c", "${TICKING}"]
`;

describe('everyday commands', function () {
  this.timeout(60_000);
  let scenario: Scenario;

  before(async () => {
    await ensureToolsImage();
    scenario = Scenario.open('shop', { 'compose.yaml': STACK });
    await scenario.mustCompose('up', '-d');
  });
  after(async function () {
    await scenario.close(this.test?.parent?.tests.find((test) => test.state === 'failed'));
  });

  it('up starts a service only when what it depends on is healthy', async () => {
    const { stdout } = await scenario.mustCompose('ps');
    expect(stdout).to.match(/shop-db-1 .*\(healthy\)/);
    expect(stdout).to.match(/shop-web-1 .*Up /);
  });

  it('exec runs in the container and returns the exit code of what it ran', async () => {
    const { stdout } = await scenario.mustCompose('exec', '-T', 'web', 'hostname');
    expect(stdout.trim()).to.match(/^[0-9a-f]{12}$/);
    expect((await scenario.compose(['exec', '-T', 'web', 'sh', '-c', 'exit 7'])).code).to.equal(7);
    expect((await scenario.compose(['exec', '-T', 'web', 'no-such-program'])).code).to.equal(127);
  });

  it('exec passes standard input, environment, user and working directory', async () => {
    const { stdout } = await scenario.compose(
      [
        'exec',
        '-T',
        '-e',
        'A=b',
        '-u',
        'nobody',
        '-w',
        '/tmp',
        'web',
        'sh',
        '-c',
        'cat; echo $A; id -un; pwd',
      ],
      { input: 'from outside\n' },
    );
    expect(stdout).to.equal('from outside\nb\nnobody\n/tmp\n');
  });

  it('logs shows the last lines, and follows them until it is interrupted', async () => {
    const { stdout } = await scenario.mustCompose('logs', '--no-color', '--tail', '1', 'web');
    expect(stdout).to.match(/^web-1 +\| ready\n$/);
    const { child, result } = scenario.startCompose([
      'logs',
      '-f',
      '--no-color',
      '--tail',
      '1',
      'clock',
    ]);
    let seen = '';
    child.stdout?.on('data', (text: string) => {
      seen += text;
    });
    await eventually(() =>
      expect(seen.match(/^clock-1 +\| tick \d+$/gm)?.length ?? 0).to.be.at.least(5),
    );
    child.kill('SIGINT');
    await result;
    const ticks = [...seen.matchAll(/tick (\d+)/g)].map((match) => Number(match[1]));
    expect(ticks, 'no line twice, none left out').to.deep.equal(
      ticks.map((_, index) => (ticks[0] ?? 0) + index),
    );
  });

  it('stop and start keep the container', async () => {
    const { id } = scenario.state('shop-web-1');
    await scenario.mustCompose('stop', 'web');
    expect(scenario.state('shop-web-1').status).to.equal('exited');
    expect((await scenario.mustCompose('ps', '-a')).stdout).to.match(/shop-web-1 .*Exited/);
    await scenario.mustCompose('start', 'web');
    expect(scenario.state('shop-web-1')).to.include({ id, status: 'running' });
  });

  it('config prints the project as it is understood', async () => {
    const { stdout } = await scenario.mustCompose('config');
    expect(stdout).to.match(/^name: shop$/m);
    expect(stdout).to.match(/condition: service_healthy/);
    expect(
      (await scenario.mustCompose('config', '--services')).stdout.trim().split('\n').sort(),
    ).to.deep.equal(['clock', 'db', 'web']);
  });

  it('up replaces what has changed, and nothing else', async () => {
    const before = {
      web: scenario.state('shop-web-1').id,
      clock: scenario.state('shop-clock-1').id,
    };
    scenario.write('compose.yaml', STACK.replace('echo ready', 'echo steady'));
    await scenario.mustCompose('up', '-d');
    expect(scenario.state('shop-web-1').id).to.not.equal(before.web);
    expect(scenario.state('shop-clock-1').id).to.equal(before.clock);
  });

  it('kill, start and port say what there is not, with the exit codes of Docker Compose', async () => {
    expect(await scenario.compose(['-p', 'none', 'kill'])).to.deep.include({
      code: 0,
      stderr: 'no container to kill\n',
    });
    const start = await scenario.compose(['-p', 'none', 'start']);
    expect(start.code).to.equal(1);
    expect(start.stderr).to.match(/service "(web|db|clock)" has no container to start/);
    const port = await scenario.compose(['port', 'web', '80']);
    expect(port.code).to.equal(1);
    expect(port.stderr).to.include('no port 80/tcp for container shop-web-1\n');
  });

  it('down takes one command and leaves nothing', async () => {
    await scenario.mustCompose('down');
    await scenario.expectNothingLeft();
  });
});

describe('up without -d', function () {
  this.timeout(60_000);
  let scenario: Scenario;

  before(ensureToolsImage);
  beforeEach(() => {
    scenario = Scenario.open('attached');
  });
  afterEach(async function () {
    await scenario.close(this.currentTest);
  });

  it('shows the output of all services with their names, and stops them at Ctrl-C', async () => {
    const service = (word: string) =>
      `{image: "${TOOLS_IMAGE}", init: true, command: [sh, -c, "echo ${word}; exec sleep infinity"]}`;
    scenario.write(
      'compose.yaml',
      `services:\n  one: ${service('red')}\n  two: ${service('blue')}\n`,
    );
    const { child, result } = scenario.startCompose(['up']);
    let seen = '';
    child.stdout?.on('data', (text: string) => {
      seen += text;
    });
    await eventually(() => {
      expect(seen).to.match(/^one-1 +\| red$/m);
      expect(seen).to.match(/^two-1 +\| blue$/m);
    });
    child.kill('SIGINT');
    expect((await result).code).to.equal(130);
    expect(scenario.state('attached-one-1').status).to.equal('exited');
    expect(scenario.state('attached-two-1').status).to.equal('exited');
  });

  it('ends when the last service has ended', async () => {
    scenario.write(
      'compose.yaml',
      `services:\n  job: {image: "${TOOLS_IMAGE}", command: [echo, done]}\n`,
    );
    const { code, stdout } = await scenario.compose(['up']);
    expect(code).to.equal(0);
    expect(stdout).to.match(/^job-1 +\| done$/m);
    expect(stdout).to.match(/job-1 exited with code 0/);
  });

  it('returns the exit code of the service that it is told to watch', async () => {
    scenario.write(
      'compose.yaml',
      [
        'services:',
        `  tests: {image: "${TOOLS_IMAGE}", command: [sh, -c, "exit 5"]}`,
        `  db: {image: "${TOOLS_IMAGE}", init: true}`,
        '',
      ].join('\n'),
    );
    expect((await scenario.compose(['up', '--exit-code-from', 'tests'])).code).to.equal(5);
    expect(scenario.state('attached-db-1').status).to.equal('exited');
  });
});
