/**
 * `npm run bench:runtimes`: our runtime beside other OCI runtimes by the command line that all of them have, and a container of
 * the engine from the request to its end, without and with a network, beside what the kernel alone takes. Needs root. In turns; only ratios within one run mean
 * something.
 *
 *   npm run bench:runtimes -- [--runs 80] [--beside crun,/path/to/runc]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { KERNEL, measureEngine } from './runtimes/engine.ts';
import { findRuntimes, makeBundle, measureCommands } from './runtimes/oci.ts';
import { type Summary, summarize } from './statistics.ts';

// crun 1.8 refuses a version 2 tree beside version 1's; it is taken away in a mount namespace of our own.
const hybrid = '/sys/fs/cgroup/unified';
if (existsSync(hybrid) && process.env.CORACLE_BENCH_UNSHARED === undefined) {
  const script = `umount ${hybrid}; CORACLE_BENCH_UNSHARED=1 exec "$@"`;
  const own = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const { status } = spawnSync('unshare', ['--mount', 'sh', '-c', script, 'sh', ...own], {
    stdio: 'inherit',
  });
  process.exit(status ?? 1);
}

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '80' },
    beside: { type: 'string', default: 'crun,runc' },
  },
});
const runs = Number(values.runs);

const folder = mkdtempSync(join(tmpdir(), 'coracle-bench-runtimes-'));
try {
  const samples = new Map<string, Map<string, number[]>>();
  const keep = (row: string, column: string, ms: number) => {
    const columns = samples.get(row) ?? new Map<string, number[]>();
    samples.set(row, columns.set(column, [...(columns.get(column) ?? []), ms]));
  };
  const runtimes = findRuntimes(values.beside.split(',').filter(Boolean));
  for (const { name, version } of runtimes) console.log(`${name}: ${version}`);
  measureCommands(runtimes, makeBundle(folder), { runs, keep });
  await measureEngine(folder, { runs, keep });
  const names = [...runtimes.map(({ name }) => name), KERNEL];
  console.log(`\nmilliseconds, median (min–max) of ${runs}`);
  for (const [row, columns] of samples) {
    const cells = names
      .filter((name) => columns.has(name))
      .map((name) => `${name} ${text(summarize(columns.get(name) ?? []))}`);
    console.log(`${row.padEnd(44)} ${cells.join('   ')}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function text({ median, min, max }: Summary): string {
  return `${median.toFixed(2)} (${min.toFixed(1)}–${max.toFixed(1)})`;
}
