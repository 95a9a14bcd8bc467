import { expect } from 'chai';
import { statsRow } from '../../../../src/cli/stats/stats-row.ts';

describe('a row of stats', () => {
  const container = { id: 'a'.repeat(64), name: 'web', asked: 'web' };
  const stats = {
    cpuNs: 1e9,
    memoryBytes: 2_093_056,
    memoryLimitBytes: 100 * 1024 ** 2,
    pids: 3,
    readBytes: 1_040,
    writtenBytes: 0,
    receivedBytes: 1_136,
    sentBytes: 126,
  };

  it('has Docker’s figures and units', () => {
    const before = { atMs: 0, stats };
    const now = { atMs: 1000, stats: { ...stats, cpuNs: 2.5e9 } };
    expect(statsRow(container, before, now, true)).to.deep.equal({
      Container: 'web',
      ID: 'aaaaaaaaaaaa',
      Name: 'web',
      CPUPerc: '150.00%',
      MemUsage: '1.996MiB / 100MiB',
      MemPerc: '2.00%',
      NetIO: '1.14kB / 126B',
      BlockIO: '1.04kB / 0B',
      PIDs: '3',
    });
  });

  it('is all zero for one that does not run', () => {
    expect(statsRow(container, undefined, undefined, true)).to.include({
      CPUPerc: '0.00%',
      MemUsage: '0B / 0B',
      MemPerc: '0.00%',
      PIDs: '0',
    });
  });
});
