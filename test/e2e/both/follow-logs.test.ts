/** `logs -f` in one terminal, everything that can happen to containers in the other. */
import { expect } from 'chai';
import { eventually } from '../../support/eventually.ts';
import { Scenario } from '../../support/scenario.ts';
import { ensureToolsImage } from '../../support/test-images.ts';

describe('logs -f', function () {
  this.timeout(120_000);
  let scenario: Scenario;

  before(ensureToolsImage);
  beforeEach(() => {
    scenario = Scenario.open('cor-follow');
    scenario.copy('fixtures/scenarios/follow-logs');
  });
  afterEach(async function () {
    await scenario.close(this.currentTest);
  });

  it('must show every line once and in order over restart, recreation, scaling and a crash loop', async function () {
    if (scenario.engine === 'docker') {
      console.log(
        '      skipped: on a Docker Engine it loses a restart at times (docs/docker-engine.md)',
      );
      this.skip();
    }
    await scenario.mustCompose('up', '-d', 'clock');
    const { child, result } = scenario.startCompose(['logs', '-f', '--no-color']);
    let seen = '';
    child.stdout?.on('data', (text: string) => {
      seen += text;
    });
    const sees = (pattern: RegExp) => eventually(() => expect(seen).to.match(pattern), 30_000);
    await sees(/clock-1 +\| a-3$/m);
    await scenario.mustCompose('restart', '-t', '1', 'clock');
    await sees(/a-1$[\s\S]*a-1$/m);
    await scenario.compose(['up', '-d', '-t', '1', 'clock'], { env: { RUN: 'b' } });
    await sees(/clock-1 +\| b-3$/m);
    const scale = (count: number) =>
      scenario.compose(['up', '-d', '-t', '1', '--scale', `clock=${count}`, 'clock'], {
        env: { RUN: 'b' },
      });
    await scale(3);
    await sees(/clock-2 +\| b-3$/m);
    await sees(/clock-3 +\| b-3$/m);
    await scale(1);
    await scenario.compose(['up', '-d', 'loop'], { env: { RUN: 'b' } });
    await sees(/(loop-1 +\| c-1$[\s\S]*){3}/m);
    await scenario.mustCompose('down', '-t', '1');
    expect((await result).code).to.equal(0);

    expect(runsOf(seen, 'clock-1').map(([run]) => run)).to.deep.equal(['a', 'a', 'b']);
    expect(runsOf(seen, 'clock-2').map(([run]) => run)).to.deep.equal(['b']);
    expect(runsOf(seen, 'clock-3').map(([run]) => run)).to.deep.equal(['b']);
    const loops = runsOf(seen, 'loop-1');
    expect(loops.length).to.be.at.least(3);
    // All but the one that `down` may have met in the middle were whole.
    for (const [, lines] of loops.slice(0, -1)) expect(lines).to.equal(3);
  });
});

/** The runs of one container, each with how many lines were seen of it; a gap or a repetition is a failure. */
function runsOf(seen: string, container: string): [run: string, lines: number][] {
  const runs: [string, number][] = [];
  const lines = seen.matchAll(new RegExp(`^${container} +\\| ([abc])-(\\d+)$`, 'gm'));
  for (const [, run = '', text] of lines) {
    const count = Number(text);
    const last = runs.at(-1);
    if (count === 1) runs.push([run, 1]);
    else {
      expect([run, count], container).to.deep.equal([last?.[0], (last?.[1] ?? 0) + 1]);
      if (last !== undefined) last[1] = count;
    }
  }
  return runs;
}
