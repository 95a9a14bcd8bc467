/** What `--trace` tells about where the time went. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Scenario } from '../../support/scenario.ts';
import { ensureToolsImage } from '../../support/test-images.ts';

interface Event {
  readonly ph: string;
  readonly name: string;
  readonly cat?: string;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

describe('--trace', function () {
  this.timeout(60_000);
  let scenario: Scenario;

  before(ensureToolsImage);
  beforeEach(() => {
    scenario = Scenario.open('cor-trace');
    scenario.copy('fixtures/scenarios/wait-outcomes');
  });
  afterEach(async function () {
    await scenario.close(this.currentTest);
  });

  it('must print a path that adds up and name what was waited for', async () => {
    const { stderr } = await scenario.mustCompose('up', '--wait', '--trace', 'late', 'job');
    expect(scenario.state('cor-trace-late-1').status).to.equal('running');
    const text = stderr.slice(stderr.indexOf('Critical path of compose up: '));
    const whole = Number(/^Critical path of compose up: (\d+\.\d) ms$/m.exec(text)?.[1]);
    const rows = [...text.matchAll(/^( *\d+\.\d)? +(\d+\.\d) {2}(.+)$/gm)];
    const sum = rows.reduce((total, [, , takes]) => total + Number(takes), 0);
    expect(sum).to.be.closeTo(whole, 0.01);
    expect(rows.map(([, , , what]) => what?.replace(/:.*/, ''))).to.include.members([
      'start of node',
      'load the program',
      'load the project',
      'observe',
    ]);
    // It listens a second after its start: nothing else can be what the command waited for longest.
    const longest = rows.reduce((most, row) => (Number(row[2]) > Number(most[2]) ? row : most));
    expect(longest[3]).to.match(/wait for container cor-trace-late-1/);

    const down = await scenario.mustCompose('down', '-t', '1', '--trace');
    expect(down.stderr).to.match(/Critical path of compose down: \d/);
    expect(down.stderr).to.match(/remove network cor-trace_default/);
  });

  it('must write what chrome://tracing reads: a lane for each resource, causes, native steps', async () => {
    await scenario.mustCompose('up', '-d', '--trace', 'up.json', 'late', 'job');
    const { traceEvents, displayTimeUnit } = JSON.parse(
      readFileSync(join(scenario.folder, 'up.json'), 'utf8'),
    ) as { readonly traceEvents: readonly Event[]; readonly displayTimeUnit: string };
    expect(displayTimeUnit).to.equal('ms');
    const lanes = traceEvents
      .filter(({ name }) => name === 'thread_name')
      .map(({ args }) => args?.name);
    expect(lanes).to.include.members([
      'compose up',
      'Network cor-trace_default',
      'Container cor-trace-late-1',
      'Container cor-trace-job-1',
    ]);
    const pieces = traceEvents.filter(({ ph }) => ph === 'X');
    const start = pieces.find(({ name }) => /start container cor-trace-late-1$/.test(name));
    const create = pieces.find(({ name }) => /create container cor-trace-late-1$/.test(name));
    expect(create?.args?.cause).to.equal('no container yet');
    expect(start?.args?.needs).to.include(create?.args?.id);
    expect(start?.ts).to.be.at.least((create?.ts ?? 0) + (create?.dur ?? 0));
    if (scenario.engine === 'coracle') {
      const native = pieces.find(
        ({ name, tid }) => name === 'container.start' && tid === start?.tid,
      );
      expect(native?.ts).to.be.at.least(start?.ts ?? 0);
      expect((native?.ts ?? 0) + (native?.dur ?? 0)).to.be.at.most(
        (start?.ts ?? 0) + (start?.dur ?? 0),
      );
    }
  });

  it('must do nothing where its file cannot be written', async () => {
    const { code, stderr } = await scenario.compose(['up', '-d', '--trace=none/up.json']);
    expect(code).to.equal(1);
    expect(stderr).to.match(/--trace: cannot write .*none\/up\.json/);
    expect((await scenario.mustCompose('ps', '-aq')).stdout).to.equal('');
  });
});
