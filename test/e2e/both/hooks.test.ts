/** What pre_start, post_start and pre_stop do, and when. */
import { expect } from 'chai';
import { Scenario } from '../../support/scenario.ts';
import { ensureToolsImage } from '../../support/test-images.ts';

describe('hooks', function () {
  this.timeout(120_000);
  let scenario: Scenario;

  before(ensureToolsImage);
  beforeEach(() => {
    scenario = Scenario.open('cor-hooks');
    scenario.copy('fixtures/scenarios/hooks');
  });
  afterEach(async function () {
    await scenario.close(this.currentTest);
  });

  async function log(): Promise<string[]> {
    const { stdout } = await scenario.mustCompose('exec', '-T', 'web', 'cat', '/data/log');
    return stdout.trim().split('\n');
  }

  it('must run before the start, after it and before the stop', async () => {
    await scenario.mustCompose('up', '-d', '-t', '1');
    // `serve` is the service's own word: it runs beside post_start.
    const begin = await log();
    expect(begin.slice(0, 2)).to.deep.equal(['migrate as 0 for UTC', 'seed']);
    expect(begin.slice(2)).to.have.members(['serve', 'register']);
    await scenario.mustCompose('stop', '-t', '1');
    await scenario.mustCompose('start');
    expect((await log()).slice(4)).to.have.members(['drain', 'serve', 'register']);
    expect((await log())[4]).to.equal('drain');
  });

  it('must not run pre_start again for a change of something else', async () => {
    await scenario.mustCompose('up', '-d');
    const { stderr } = await scenario.compose(['up', '-d', '-t', '1'], {
      env: { TZ_OF_WEB: 'CET' },
    });
    expect(stderr).to.include('Container cor-hooks-web-1  Recreated');
    expect((await log()).filter((line) => line.startsWith('migrate'))).to.have.length(1);
    await scenario.mustCompose('up', '-d', '-t', '1', '--scale', 'web=2');
    expect((await log()).filter((line) => line.startsWith('migrate'))).to.have.length(1);
  });

  it('must keep the service and what depends on it down when pre_start fails', async () => {
    const { code, stderr } = await scenario.compose(['up', '-d'], { env: { MIGRATE_ENDS: '3' } });
    expect(code).to.equal(1);
    expect(stderr).to.include('container cor-hooks-web-pre_start-1 exited (3)');
    for (const service of ['web', 'after']) {
      expect(scenario.state(`cor-hooks-${service}-1`).status, service).to.equal('created');
    }
    await scenario.mustCompose('up', '-d', '-t', '1');
    expect(scenario.state('cor-hooks-after-1').status).to.equal('running');
    expect((await scenario.mustCompose('ps', '-aq')).stdout.trim().split('\n')).to.have.length(2);
  });
});
