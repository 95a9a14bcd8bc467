/** Two command lines on one project at once, and helpers that die under one. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { Scenario } from '../support/scenario.ts';
import { ensureToolsImage } from '../support/test-images.ts';

describe('two command lines on one project', function () {
  this.timeout(60_000);
  let scenario: Scenario;

  before(ensureToolsImage);
  beforeEach(() => {
    scenario = Scenario.open('cor-two');
    scenario.copy('fixtures/scenarios/slow-start');
  });
  afterEach(async function () {
    await scenario.close(this.currentTest);
  });

  it('must wait for each other and say for whom, and end as if one had come after the other', async () => {
    const first = scenario.startCompose(['up', '-d']);
    let said = '';
    first.child.stderr?.on('data', (text: string) => {
      said += text;
    });
    await eventually(() => expect(said).to.include('cor-two-slow-1  Waiting'));
    const [second, down] = [
      scenario.startCompose(['up', '-d', '--scale', 'after=2']),
      scenario.startCompose(['ps', '-a', '--format', 'json']),
    ];
    // Looking waits for nobody.
    expect((await down.result).stdout).to.include('cor-two-slow-1');
    const results = [await first.result, await second.result];
    expect(results.map(({ code }) => code)).to.deep.equal([0, 0]);
    expect(results[1]?.stderr).to.match(
      new RegExp(
        `WARN: "compose up" \\(pid ${first.child.pid}\\) is at work on project cor-two; waiting for it`,
      ),
    );
    const { stdout } = await scenario.mustCompose('ps', '--format', '{{.Name}}');
    expect(stdout.trim().split('\n').sort()).to.deep.equal([
      'cor-two-after-1',
      'cor-two-after-2',
      'cor-two-slow-1',
    ]);
  });

  it('must not keep each other waiting for one that was killed', async () => {
    const first = scenario.startCompose(['up', '-d']);
    let said = '';
    first.child.stderr?.on('data', (text: string) => {
      said += text;
    });
    await eventually(() => expect(said).to.include('cor-two-slow-1  Waiting'));
    first.child.kill('SIGKILL');
    await first.result;
    const { stderr } = await scenario.mustCompose('up', '-d');
    expect(stderr).to.not.include('waiting for it');
    expect(scenario.state('cor-two-after-1').status).to.equal('running');
  });

  it('must be told that the native client has died, and the next up must finish the work', async () => {
    const { child, result } = scenario.startCompose(['up', '-d']);
    const native = await eventually(() => {
      const pid = childOf(child.pid ?? 0, 'coracle-runtime');
      expect(pid).to.be.a('number');
      return pid as number;
    });
    process.kill(native, 'SIGKILL');
    const { code, stderr } = await result;
    if (code !== 0) expect(stderr).to.include('the native client was killed by SIGKILL');
    await scenario.mustCompose('up', '-d');
    for (const name of ['cor-two-slow-1', 'cor-two-after-1']) {
      expect(scenario.state(name).status, name).to.equal('running');
    }
  });
});

/** The process that `parent` has started from a program of this name. */
function childOf(parent: number, program: string): number | undefined {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const [, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const argv = readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0');
      if (Number(ppid) === parent && argv[0]?.endsWith(program)) return Number(entry);
    } catch {
      // It has ended in the meantime.
    }
  }
  return undefined;
}
