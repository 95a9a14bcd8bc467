import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readContainerState } from '../../../../src/engine/observe/read-state.ts';
import { containerPaths, ownIdentity } from '../../../../src/state/index.ts';
import { candidate, webId } from './container-fixture.ts';

describe('the state of a container', () => {
  const base = mkdtempSync(join(tmpdir(), 'coracle-read-state-'));
  const roots = { data: join(base, 'data'), run: join(base, 'run') };
  const paths = containerPaths(roots, webId);
  const write = (state: Parameters<typeof candidate>[1]) => {
    mkdirSync(paths.run, { recursive: true });
    writeFileSync(paths.state, JSON.stringify(candidate({}, state).state));
  };
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  it('is what the shim wrote, while the shim lives', () => {
    const { pid, start } = ownIdentity();
    write({ shimPid: pid, shimStart: start });
    expect(readContainerState(roots, webId)).to.include({ status: 'running', pid: 42 });
  });

  for (const status of ['running', 'paused', 'restarting'] as const) {
    it(`is "exited" where it says "${status}" and the shim is gone`, () => {
      write({ status, shimPid: process.pid, shimStart: '1' });
      expect(readContainerState(roots, webId)).to.deep.include({
        status: 'exited',
        exitCode: 137,
        pid: 0,
        error: 'its shim was killed',
        ports: [],
      });
    });
  }

  it('is believed about its end without a shim', () => {
    write({ status: 'exited', exitCode: 3, shimPid: 1, shimStart: '1' });
    expect(readContainerState(roots, webId)).to.include({ status: 'exited', exitCode: 3 });
  });

  it('is "created" before the first start, and an unknown end where a reboot took the state', () => {
    expect(readContainerState(roots, webId)).to.include({ status: 'created', exitCode: 0 });
    mkdirSync(paths.dir, { recursive: true });
    writeFileSync(paths.log, '');
    utimesSync(paths.log, 1795435200, 1795435200);
    expect(readContainerState(roots, webId)).to.include({
      status: 'exited',
      exitCode: 255,
      finishedAt: '2026-11-23T12:00:00.000Z',
    });
  });
});
