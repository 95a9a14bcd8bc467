import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { crashLoopOf, crashLoopText } from '../../../../src/engine/observe/crash-loop.ts';
import { candidate } from './container-fixture.ts';

describe('a crash loop', () => {
  const folder = mkdtempSync(join(tmpdir(), 'coracle-loop-'));
  const log = join(folder, 'log');
  after(() => rmSync(folder, { recursive: true }));

  const told = (lines: readonly string[], state: Parameters<typeof candidate>[1] = {}) => {
    writeFileSync(
      log,
      lines.map((line) => `2026-11-23T12:00:00.000000000Z stderr F ${line}\n`).join(''),
    );
    const loop = crashLoopOf(
      candidate({}, { status: 'restarting', exitCode: 1, shortRuns: 4, ...state }).state,
      log,
    );
    return loop && crashLoopText(loop);
  };

  it('is told by the line that names the error, not by what follows it', () => {
    const node = [
      'Error: listen EADDRINUSE',
      '    at Server.listen (net:1)',
      '',
      'Node.js v20.19.0',
    ];
    expect(told(node)).to.equal('crash loop, 4 runs: Error: listen EADDRINUSE');
    expect(told(['one', 'two'])).to.equal('crash loop, 4 runs: two');
    expect(told([])).to.equal('crash loop, 4 runs: exit code 1');
    expect(told(['\x1b[31mfatal:\x1b[0m\x07 x'])).to.equal('crash loop, 4 runs: fatal: x');
    expect(told([`error ${'x'.repeat(200)}`])).to.have.lengthOf(20 + 100);
    expect(told([], { oomKilled: true })).to.equal('crash loop, 4 runs: out of memory');
  });

  it('is none after two ends, nor once the container has been stopped', () => {
    expect(told(['error'], { shortRuns: 2 })).to.equal(undefined);
    expect(told(['error'], { status: 'exited' })).to.equal(undefined);
    expect(told(['error'], { status: 'exited', gaveUp: true })).to.equal('gave up, 4 runs: error');
    expect(told(['error'], { status: 'running' })).to.equal('crash loop, 4 runs: error');
  });

  it('is told without a line where no log is kept', () => {
    const { state } = candidate({}, { status: 'restarting', exitCode: 2, shortRuns: 3 });
    expect(crashLoopOf(state, join(folder, 'none'))).to.include({
      reason: 'exit code 2',
      lastLine: '',
    });
  });
});
