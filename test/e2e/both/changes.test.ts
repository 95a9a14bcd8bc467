/** What a change of the file does to what runs, and how the plan tells it before. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { composeProgram, repository } from '../../support/command.ts';
import { eventually } from '../../support/eventually.ts';
import { Scenario } from '../../support/scenario.ts';
import { ensureToolsImage } from '../../support/test-images.ts';

describe('a changed file', function () {
  this.timeout(120_000);
  let scenario: Scenario;

  before(ensureToolsImage);
  beforeEach(async () => {
    scenario = Scenario.open('cor-change');
    scenario.copy('fixtures/scenarios/live-update');
    await scenario.mustCompose('up', '-d');
  });
  afterEach(async function () {
    await scenario.close(this.currentTest);
  });

  const plan = (env: Record<string, string>, ...args: readonly string[]) =>
    scenario.compose(['plan', ...args], { env });

  it('must be told by plan: one container, the key, the place, and an exit code', async () => {
    expect(await plan({})).to.deep.include({
      code: 0,
      stdout: 'Plan: nothing to do; 2 unchanged\n',
    });
    const { code, stdout } = await plan({ TZ_OF_WEB: 'CET' });
    expect(code).to.equal(2);
    expect(stdout.split('\n')[0]).to.equal(
      '#1 recreate container cor-change-web-1: environment.TZ: "UTC" → "CET" (compose.yaml:7:23)',
    );
    expect(stdout).to.include('Plan: 1 to recreate; 1 unchanged');
    expect((await plan({}, 'nosuch')).code).to.equal(1);

    const json = JSON.parse((await plan({ TZ_OF_WEB: 'CET' }, '--format', 'json')).stdout);
    expect(json.project).to.equal('cor-change');
    expect(json.operations[0]).to.include({
      operation: 'recreateContainer',
      name: 'cor-change-web-1',
      service: 'web',
    });
  });

  it('must not be seen in an upgrade of the tool', async () => {
    const bundle = join(dirname(scenario.folder), 'upgraded');
    cpSync(dirname(composeProgram), bundle, { recursive: true });
    const part = join(bundle, 'part-compose.cjs');
    const code = readFileSync(part, 'latin1');
    const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
    expect(code).to.include(`"${version}"`);
    writeFileSync(part, code.replaceAll(`"${version}"`, '"99.0.0"'), 'latin1');
    const upgraded = scenario.withProgram(join(bundle, 'compose.cjs'));
    expect((await upgraded('version', '--short')).stdout).to.equal('99.0.0\n');
    expect(await upgraded('plan')).to.deep.include({
      code: 0,
      stdout: 'Plan: nothing to do; 2 unchanged\n',
    });
    const before = scenario.state('cor-change-web-1');
    expect((await upgraded('up', '-d')).code).to.equal(0);
    expect(scenario.state('cor-change-web-1')).to.deep.equal(before);
  });

  it('must be carried out from a stored plan as it was looked at, or not at all', async () => {
    const env = { TZ_OF_WEB: 'CET' };
    await plan(env, '--out', 'plan.json', '-t', '1');
    const { id } = scenario.state('cor-change-web-1');
    const stale = await scenario.compose(['up', '-d', '--plan-file', 'plan.json'], {
      env: { TZ_OF_WEB: 'EET' },
    });
    expect(stale.code).to.equal(1);
    expect(stale.stderr).to.include('+ #1 recreate container cor-change-web-1');
    expect(scenario.state('cor-change-web-1').id).to.equal(id);

    const run = ['up', '-d', '--plan-file', 'plan.json'];
    expect((await scenario.compose(run, { env })).code).to.equal(0);
    expect(scenario.state('cor-change-web-1').id).to.not.equal(id);
    const again = await scenario.compose(run, { env });
    expect(again.code, 'a plan is good once').to.equal(1);

    scenario.write('plan.json', '{"version":1}');
    const { code, stderr } = await scenario.compose(['up', '--plan-file', 'plan.json']);
    expect(code).to.equal(1);
    expect(stderr).to.include('plan.json: it is no plan');
  });

  it('must reach a container while it runs, where it can', async function () {
    if (scenario.engine === 'docker') {
      console.log('      skipped: Docker cannot change labels');
      this.skip();
    }
    const before = scenario.state('cor-change-web-1');
    const env = { TIER: 'back', MEMORY: '96m', RESTART: 'always', ALIAS: 'shop' };
    const { stdout } = await plan(env);
    expect(stdout).to.match(/^#1 update container cor-change-web-1: /m);
    await scenario.compose(['up', '-d'], { env });
    const after = scenario.state('cor-change-web-1');
    expect(after).to.include({ id: before.id, pid: before.pid });

    const ask = (...argv: string[]) =>
      scenario.mustCompose('exec', '-T', ...argv).then((result) => result.stdout);
    const files = '/sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max';
    expect(await ask('web', 'sh', '-c', `cat ${files} 2>/dev/null || true`)).to.include(
      `${96 << 20}`,
    );
    expect(await ask('other', 'sh', '-c', 'echo hi | nc -w 2 shop 8080')).to.equal('hi\n');
    const old = await scenario.compose(['exec', '-T', 'other', 'nslookup', 'www']);
    expect(old.code, 'the old alias is gone').to.not.equal(0);
    expect((await scenario.mustCompose('ps', '--format', 'json')).stdout).to.include('tier=back');
    // The new restart policy is in force: its process is started again.
    process.kill(after.pid, 'SIGKILL');
    await eventually(() => expect(scenario.state('cor-change-web-1').restartCount).to.equal(1));
    expect((await plan(env)).code).to.equal(0);
  });
});
