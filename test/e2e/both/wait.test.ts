/** When `up --wait` returns, and with what: a service is ready when its clients can use it. */
import { expect } from 'chai';
import { runCommand } from '../../support/command.ts';
import { Scenario } from '../../support/scenario.ts';
import { ensureStandInImages, ensureToolsImage } from '../../support/test-images.ts';

describe('up --wait', function () {
  this.timeout(120_000);
  let scenario: Scenario;

  before(ensureToolsImage);
  beforeEach(() => {
    scenario = Scenario.open('cor-wait');
  });
  afterEach(async function () {
    await scenario.close(this.currentTest);
  });

  it('must return when MySQL accepts a login and not before, on the first start and the second', async function () {
    if (scenario.engine === 'docker') {
      console.log('      skipped: the stand-in for MySQL is not in the Docker Engine');
      this.skip();
    }
    await ensureStandInImages();
    scenario.copy('fixtures/scenarios/wait-database');
    const addresses: string[] = [];
    for (const start of ['first', 'second']) {
      await scenario.mustCompose('up', '-d', '--wait');
      // No retry: whatever a script does next works.
      expect(await query('SELECT 6 * 7'), `${start} start`).to.equal('42');
      const answer = await (await fetch('http://127.0.0.1:13080/')).json();
      const { uid, address, greeting } = answer as Record<string, unknown>;
      expect({ uid, greeting }, start).to.deep.equal({
        uid: 1000,
        greeting: await query('SELECT VERSION()').then((version) =>
          `5.5.5-${version}`.slice(0, 25),
        ),
      });
      addresses.push(String(address));
      await scenario.mustCompose('down', '-t', '20');
    }
    expect(addresses[1], 'the address after down and up').to.equal(addresses[0]);
  });

  it('must wait for ports that others can reach, and take a job that ended well for done', async () => {
    scenario.copy('fixtures/scenarios/wait-outcomes');
    const { stderr } = await scenario.mustCompose('up', '--wait');
    expect(await echo(18_080)).to.equal('hello');
    expect(await echo(18_081)).to.equal('hello');
    expect(scenario.state('cor-wait-job-1')).to.include({ status: 'exited', exitCode: 0 });
    expect(stderr).to.include('Container cor-wait-job-1  Exited');
    expect(stderr).to.include('Container cor-wait-late-1  Healthy');
  });

  it('must end at a crash loop with its reason and last lines', async () => {
    scenario.copy('fixtures/scenarios/wait-outcomes');
    const { code, stderr } = await scenario.compose([
      '--profile',
      'broken',
      'up',
      '--wait',
      'loop',
    ]);
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /container cor-wait-loop-1 keeps ending and is started again \(\d+ times\), last with exit code 4/,
    );
    expect(stderr).to.include('no such database');
  });

  it('must not take a service for a crash loop that ends until another one is there', async () => {
    scenario.copy('fixtures/scenarios/wait-outcomes');
    await scenario.mustCompose('--profile', 'friend', 'up', '--wait', 'late', 'slow-friend');
    expect(scenario.state('cor-wait-slow-friend-1').status).to.equal('running');
  });

  it('must name at --wait-timeout what is not ready', async () => {
    scenario.copy('fixtures/scenarios/wait-outcomes');
    const { code, stderr } = await scenario.compose([
      'up',
      '--wait',
      '--wait-timeout',
      '1',
      'late',
    ]);
    expect(code).to.equal(1);
    expect(stderr).to.include('timeout: cor-wait-late-1 not ready within 1 seconds');
  });
});

async function query(sql: string): Promise<string> {
  const { stdout, stderr, code } = await runCommand(
    ['mysql', '-h127.0.0.1', '-P13306', '-uroot', '-psecret', '-N', '-e', sql, 'todos'],
    {},
  );
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
}

async function echo(port: number): Promise<string> {
  const { stdout } = await runCommand(
    ['sh', '-c', `echo hello | timeout 5 busybox nc 127.0.0.1 ${port} | head -1`],
    {},
  );
  return stdout.trim();
}
