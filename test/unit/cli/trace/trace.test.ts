import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type ChromeTrace, chromeTrace } from '../../../../src/cli/trace/chrome-trace.ts';
import { criticalPath, printCriticalPath } from '../../../../src/cli/trace/critical-path.ts';
import { Trace } from '../../../../src/cli/trace/trace.ts';
import type { OperationSpan, TraceRecord } from '../../../../src/cli/trace/trace-record.ts';
import { isAppError } from '../../../../src/core/index.ts';
import { FakeEngine } from '../../../support/fake-engine.ts';
import { FakeHost } from '../../../support/fake-host.ts';
import { makeProject, planUpOn, runOn } from '../../../support/plan-fixture.ts';

/** An operation on `resource` from `startMs` to `endMs`, behind others. */
function operation(
  id: string,
  resource: string,
  [startMs, endMs]: readonly [number, number],
  before: readonly string[] = [],
): OperationSpan {
  return {
    key: id,
    name: `${id} start container ${resource}`,
    startMs,
    endMs,
    before,
    failed: false,
    native: [{ name: 'container.start', startMs: startMs + 1, endMs: endMs - 1 }],
    operation: {
      id,
      resource: { kind: 'Container', name: resource },
      service: resource,
      action: { kind: 'startContainer', container: resource },
      cause: 'it is not running',
      needs: before,
    },
  };
}

const record: TraceRecord = {
  command: 'compose up',
  totalMs: 100.04,
  phases: [
    { name: 'start of node', startMs: 0, endMs: 30 },
    { name: 'observe', startMs: 32, endMs: 40 },
    { name: 'open the engine', startMs: 33, endMs: 35 },
    { name: 'execute', startMs: 40, endMs: 95 },
  ],
  operations: [
    operation('#1', 'db', [41, 60]),
    operation('#2', 'cache', [41, 80]),
    operation('#3', 'web', [80.5, 94], ['#1', '#2']),
    operation('#4', 'other', [41, 50]),
  ],
  native: [],
};

describe('the critical path', () => {
  it('goes back from the operation that ended last, always by the one that was waited for longest', () => {
    const names = criticalPath(record).flatMap((segment) =>
      segment.operation === undefined ? [] : [segment.operation.key],
    );
    expect(names).to.deep.equal(['#2', '#3']);
  });

  it('covers the whole time without gap or overlap, each moment by the innermost phase', () => {
    const path = criticalPath(record);
    expect(path.map(({ name, startMs, endMs }) => [name, startMs, endMs])).to.deep.equal([
      ['start of node', 0, 30],
      ['other', 30, 32],
      ['observe', 32, 33],
      ['open the engine', 33, 35],
      ['observe', 35, 40],
      ['execute', 40, 41],
      ['#2 start container cache', 41, 80],
      ['execute', 80, 80.5],
      ['#3 start container web', 80.5, 94],
      ['execute', 94, 95],
      ['other', 95, 100.04],
    ]);
  });

  it('is printed with numbers that add up to the printed whole', () => {
    const uneven: TraceRecord = {
      ...record,
      phases: Array.from({ length: 50 }, (_, index) => ({
        name: `phase ${index}`,
        startMs: index * 1.23,
        endMs: (index + 1) * 1.23,
      })),
      operations: [],
    };
    for (const one of [record, uneven]) {
      const text = printCriticalPath(one);
      expect(text).to.match(/^Critical path of compose up: 100\.0 ms\n/);
      const rows = [...text.matchAll(/^(?: *\d+\.\d)? +(\d+\.\d) {2}/gm)];
      const sum = rows.reduce((total, [, takes]) => total + Math.round(Number(takes) * 10), 0);
      expect(sum).to.equal(1000);
    }
    expect(printCriticalPath(record)).to.include(
      '#2 start container cache: it is not running [container.start 37.0]',
    );
    expect(printCriticalPath(record)).to.include('0.5  moments between these, each below 1 ms');
    expect(printCriticalPath(record)).to.include(
      '4 operations: 80.5 ms one after the other, 53.0 ms as they ran',
    );
  });

  it('goes on with an earlier plan where one command runs several', () => {
    const two = {
      ...record,
      operations: [operation('1#1', 'a', [41, 50]), operation('2#1', 'b', [60, 94])],
    };
    const keys = criticalPath(two).flatMap(({ operation: one }) => one?.key ?? []);
    expect(keys).to.deep.equal(['1#1', '2#1']);
  });
});

describe('the trace for chrome://tracing', () => {
  it('has a lane for each resource, causes, dependencies as arrows, native steps within', () => {
    const { traceEvents } = chromeTrace(record, '1.2.3');
    const lanes = new Map(
      traceEvents
        .filter(({ ph, name }) => ph === 'M' && name === 'thread_name')
        .map(({ tid, args }) => [tid, args?.name]),
    );
    expect([...lanes.values()]).to.deep.equal([
      'compose up',
      'Container cache',
      'Container db',
      'Container other',
      'Container web',
    ]);
    const web = traceEvents.find(({ name, ph }) => ph === 'X' && name.startsWith('#3'));
    expect(lanes.get(web?.tid ?? 0)).to.equal('Container web');
    expect(web).to.deep.include({ cat: 'operation', ts: 80_500, dur: 13_500 });
    expect(web?.args).to.deep.equal({
      id: '#3',
      operation: 'startContainer',
      service: 'web',
      cause: 'it is not running',
      needs: ['#1', '#2'],
    });
    const arrows = traceEvents.filter(({ cat }) => cat === 'needs');
    expect(arrows.map(({ ph }) => ph)).to.deep.equal(['s', 'f', 's', 'f']);
    expect(arrows.filter(({ ph }) => ph === 'f').every(({ ts }) => ts === 80_500)).to.equal(true);
  });

  it('never lets two pieces of one lane overlap by half, as viewers cannot draw that', () => {
    const shared = {
      ...record,
      operations: [
        operation('#1', 'db', [41, 60]),
        operation('#2', 'db', [50, 70]),
        operation('#3', 'db', [45, 65]),
      ],
    };
    checkShape(chromeTrace(shared, ''));
    checkShape(chromeTrace(record, ''));
  });
});

/** What every viewer takes for granted. */
function checkShape({ traceEvents }: ChromeTrace): void {
  const pieces = traceEvents.filter(({ ph }) => ph === 'X');
  for (const [index, one] of pieces.entries()) {
    expect(one.ts, one.name).to.be.a('number').and.at.least(0);
    expect(one.dur, one.name).to.be.a('number').and.at.least(0);
    const [from, to] = [one.ts ?? 0, (one.ts ?? 0) + (one.dur ?? 0)];
    for (const other of pieces.slice(index + 1).filter(({ tid }) => tid === one.tid)) {
      const [start, end] = [other.ts ?? 0, (other.ts ?? 0) + (other.dur ?? 0)];
      const isApart = to <= start || end <= from;
      const isWithin = (from <= start && end <= to) || (start <= from && to <= end);
      expect(isApart || isWithin, `${one.name} and ${other.name}`).to.equal(true);
    }
  }
}

describe('a trace', () => {
  let folder: string;
  let host: FakeHost;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'coracle-trace-'));
    host = new FakeHost({ cwd: folder });
    host.nowMs = 40;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('notes the operations of a plan that runs, and whose work a native request was', async () => {
    const engine = new FakeEngine();
    engine.addImage('tiny');
    engine.failAt('start todo-b-1');
    const project = makeProject({ a: {}, b: {} });
    const { plan } = await planUpOn(engine, project);
    const trace = new Trace({ host, command: 'compose up', file: 'up.json', begunMs: 30 });
    trace.during('plan', () => {
      host.nowMs += 5;
    });
    const observer = trace.observerOf(plan);
    await runOn(engine, plan, {
      around: (one, work) =>
        observer(one, async () => {
          const answered = trace.nativeRequest('bridge.ensure');
          host.nowMs += 1;
          try {
            return await work();
          } finally {
            answered();
          }
        }),
    });
    const text = trace.finish();

    expect(text).to.match(/^Critical path of compose up: 5\d\.0 ms\n/);
    expect(text).to.match(/20\.0 {2}start of node\n +20\.0 +10\.0 {2}load the program\n/);
    const written: ChromeTrace = JSON.parse(readFileSync(join(folder, 'up.json'), 'utf8'));
    checkShape(written);
    const pieces = written.traceEvents.filter(({ ph }) => ph === 'X');
    expect(pieces.filter(({ cat }) => cat === 'operation')).to.have.length(plan.operations.length);
    expect(pieces.filter(({ cat }) => cat === 'native')).to.have.length(plan.operations.length);
    expect(pieces.filter(({ args }) => args?.failed).map(({ name }) => name)).to.deep.equal([
      pieces.find(({ name }) => name.includes('start container todo-b-1'))?.name,
    ]);
  });

  it('says before anything is done that its file cannot be written', () => {
    const file = 'no/such/folder/up.json';
    try {
      new Trace({ host, command: 'compose up', file, begunMs: 0 });
      expect.fail('it took the file');
    } catch (error) {
      expect(isAppError(error, 'CLI_USAGE')).to.equal(true);
      expect((error as Error).message).to.include(join(folder, file));
    }
  });
});
