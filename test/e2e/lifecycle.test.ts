/** What happens to containers over restart, recreation, scaling and one-off runs. */
import { expect } from 'chai';
import { Scenario } from '../support/scenario.ts';
import { ensureToolsImage, TOOLS_IMAGE } from '../support/test-images.ts';

const TICKING = 'i=0; while :; do i=$$((i+1)); echo $$A-$$i; sleep 0.1; done';

function stack(value: string): string {
  return `
services:
  clock:
    image: ${TOOLS_IMAGE}
    init: true
    environment: {A: "${value}"}
    command: ["sh", "-c", "${TICKING}"]
`;
}

describe('the life of containers', function () {
  this.timeout(60_000);
  let scenario: Scenario;

  before(ensureToolsImage);
  beforeEach(() => {
    scenario = Scenario.open('life', { 'compose.yaml': stack('a') });
  });
  afterEach(async function () {
    await scenario.close(this.currentTest);
  });

  it('names the key that makes up replace a container, and --dry-run changes nothing', async () => {
    await scenario.mustCompose('up', '-d');
    const { id } = scenario.state('life-clock-1');
    scenario.write('compose.yaml', stack('b'));
    const { stdout } = await scenario.mustCompose('--dry-run', 'up', '-d');
    expect(stdout).to.include(
      'recreate container life-clock-1: environment.A: "a" → "b" (compose.yaml:6:22)',
    );
    expect(scenario.state('life-clock-1').id).to.equal(id);
  });

  it('run passes input, output and exit code, and leaves no container', async () => {
    const ran = await scenario.compose(
      ['run', '--rm', '-T', '-e', 'B=1', 'clock', 'sh', '-c', 'cat; echo $A$B; exit 6'],
      { input: 'fed\n' },
    );
    expect(ran).to.include({ code: 6, stdout: 'fed\na1\n' });
    expect((await scenario.mustCompose('ps', '-aq')).stdout).to.equal('');
  });

  it('--abort-on-container-exit ends the others and returns the code of the first', async () => {
    scenario.write(
      'compose.yaml',
      `${stack('a')}  job: {image: "${TOOLS_IMAGE}", command: [sh, -c, "sleep 0.3; exit 9"]}\n`,
    );
    expect((await scenario.compose(['up', '--abort-on-container-exit', '-t', '1'])).code).to.equal(
      9,
    );
    expect(scenario.state('life-clock-1').status).to.equal('exited');
  });
});
