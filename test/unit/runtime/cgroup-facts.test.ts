import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { cgroupProcesses, readCgroupFacts } from '../../../src/runtime/cgroup-facts.ts';

describe('counters of a cgroup', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'cgroup-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const put = (files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    }
  };

  it('are read from version 1', () => {
    put({
      'cpuacct/coracle/x/cpuacct.usage': '1500\n',
      'memory/coracle/x/memory.usage_in_bytes': '5000\n',
      'memory/coracle/x/memory.stat': 'inactive_file 1\ntotal_inactive_file 2000\n',
      'memory/coracle/x/memory.limit_in_bytes': '9223372036854771712\n',
      'pids/coracle/x/pids.current': '2\n',
      'pids/coracle/x/cgroup.procs': '12\n',
      'pids/coracle/x/inner/cgroup.procs': '34\n',
      'blkio/coracle/x/blkio.throttle.io_service_bytes_recursive':
        '8:0 Read 10\n8:0 Write 20\n8:16 Read 1\nTotal 31\n',
    });
    expect(readCgroupFacts('/coracle/x', root)).to.deep.equal({
      cpuNs: 1500,
      memoryBytes: 3000,
      memoryLimitBytes: Number.POSITIVE_INFINITY,
      pids: 2,
      readBytes: 11,
      writtenBytes: 20,
    });
    expect(cgroupProcesses('/coracle/x', root)).to.deep.equal([12, 34]);
    expect(readCgroupFacts('/coracle/y', root)).to.equal(undefined);
  });

  it('are read from version 2', () => {
    put({
      'cgroup.controllers': 'cpu memory\n',
      'coracle/x/cpu.stat': 'usage_usec 7\nuser_usec 5\n',
      'coracle/x/memory.current': '5000\n',
      'coracle/x/memory.stat': 'anon 1\ninactive_file 500\n',
      'coracle/x/memory.max': '8192\n',
      'coracle/x/cgroup.procs': '12\n13\n',
      'coracle/x/io.stat': '8:0 rbytes=1 wbytes=2 rios=3\n8:16 rbytes=10 wbytes=20\n',
    });
    expect(readCgroupFacts('/coracle/x', root)).to.deep.equal({
      cpuNs: 7000,
      memoryBytes: 4500,
      memoryLimitBytes: 8192,
      pids: 2,
      readBytes: 11,
      writtenBytes: 22,
    });
    expect(readCgroupFacts('/coracle/y', root)).to.equal(undefined);
  });
});
