/** Which exit code `up` ends with: docs/exit-codes.md has the same table for people. */
import { expect } from 'chai';
import { eventually } from '../../support/eventually.ts';
import { Scenario } from '../../support/scenario.ts';
import { ensureToolsImage } from '../../support/test-images.ts';

const stays = 'sleep 60';

/** What happens, what `db` and `test` do, the flags, and the exit code. */
const outcomes: readonly (readonly [string, string, string, readonly string[], number])[] = [
  ['the test passes', stays, 'sleep 0.5; exit 0', ['--exit-code-from', 'test'], 0],
  ['the test fails', stays, 'sleep 0.5; exit 7', ['--exit-code-from', 'test'], 7],
  ['the test is killed', stays, 'sleep 0.5; kill -9 $$', ['--exit-code-from', 'test'], 137],
  ['the db dies first', 'sleep 0.5; exit 3', stays, ['--exit-code-from', 'test'], 143],
  ['the db ends first', 'sleep 0.5; exit 0', stays, ['--exit-code-from', 'test'], 143],
  [
    'the db dies first and the test ends as it likes',
    'sleep 0.5; exit 3',
    'trap "exit 5" TERM; sleep 60 & wait',
    ['--exit-code-from', 'test'],
    5,
  ],
  ['no such service', stays, stays, ['--exit-code-from', 'nosuch'], 1],
  ['one ends well', 'sleep 0.5; exit 0', stays, ['--abort-on-container-exit'], 0],
  ['one fails', 'sleep 0.5; exit 5', stays, ['--abort-on-container-exit'], 5],
  [
    'one ends well, then one fails',
    'sleep 0.3; exit 0',
    'sleep 1; exit 4',
    ['--abort-on-container-failure'],
    4,
  ],
  ['one fails', stays, 'sleep 0.5; exit 4', ['--abort-on-container-failure'], 4],
  ['all end well', 'exit 0', 'sleep 0.5; exit 0', ['--abort-on-container-failure'], 0],
  ['all fail', 'sleep 0.3; exit 3', 'sleep 0.5; exit 4', [], 0],
];

describe('up must end', function () {
  this.timeout(60_000);
  let scenario: Scenario;

  before(ensureToolsImage);
  beforeEach(() => {
    scenario = Scenario.open('cor-outcome');
    scenario.copy('fixtures/scenarios/outcomes');
  });
  afterEach(async function () {
    await scenario.close(this.currentTest);
  });

  for (const [what, db, test, flags, expected] of outcomes) {
    it(`with ${expected} where ${what}: up ${flags.join(' ')}`, async () => {
      const { code } = await scenario.compose(['up', ...flags], { env: { DB: db, TEST: test } });
      expect(code).to.equal(expected);
      const running = await scenario.mustCompose('ps', '-q', '--status', 'running');
      expect(running.stdout).to.equal('');
    });
  }

  it('with 130 after Ctrl-C, every container having had its chance to end', async () => {
    const { child, result } = scenario.startCompose(['up', '--no-color'], {
      env: { DB: 'trap "echo closed; exit 0" TERM; sleep 60 & wait' },
    });
    await started('db');
    child.kill('SIGINT');
    const { code, stdout, stderr } = await result;
    expect(code).to.equal(130);
    expect(stderr).to.include('Gracefully Stopping... press Ctrl+C again to force');
    expect(stdout).to.match(/db-1 +\| closed/);
    expect(scenario.state('cor-outcome-db-1')).to.include({ status: 'exited', exitCode: 0 });
  });

  it('at once after Ctrl-C twice, whatever the containers would like', async () => {
    const { child, result } = scenario.startCompose(['up', '-t', '40'], {
      env: { DB: 'trap "" TERM; while :; do sleep 1; done' },
    });
    await started('db');
    child.kill('SIGINT');
    await eventually(() => expect(scenario.state('cor-outcome-test-1').status).to.equal('exited'));
    child.kill('SIGINT');
    expect((await result).code).to.equal(130);
    expect(scenario.state('cor-outcome-db-1')).to.include({ status: 'exited', exitCode: 137 });
  });

  /** Its first process has replaced itself by the shell that has set its traps. */
  async function started(service: string): Promise<void> {
    await eventually(async () => {
      const { stdout } = await scenario.compose(['exec', '-T', service, 'ps', '-o', 'args']);
      expect(stdout).to.include('sleep');
    });
  }
});
