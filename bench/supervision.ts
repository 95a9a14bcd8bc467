/**
 * `npm run bench:supervision`: what the shim costs. A service that writes a million lines, to the log and to a file in turns;
 * `logs` of them; how long a line takes to a follower; private memory a container with 50 of them.
 *
 *   npm run bench:supervision -- [--runs 5]
 */
import { spawn, spawnSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { composeProgram, coracleProgram } from '../test/support/command.ts';
import { findContestants, IMAGE, makeIdleImage } from './contestants.ts';
import { summarize } from './statistics.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' } } });
const runs = Number(values.runs);
const folder = mkdtempSync(join(tmpdir(), 'coracle-bench-'));
const [coracle] = findContestants(folder);
if (coracle === undefined) throw new Error('there is nobody to measure');
const { env } = coracle;
const service = 'bench-writes-1';
const lines = 'busybox seq 1000000 1999999';

try {
  coracle.importImage(makeIdleImage(folder));
  writing();
  reading();
  await following();
  memory();
} finally {
  const all = command(['ps', '-aq']).split('\n').filter(Boolean);
  if (all.length > 0) command(['rm', '-f', ...all]);
  rmSync(folder, { recursive: true, force: true });
}

function command(args: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [coracleProgram, ...args], {
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** Milliseconds that a program took: by the clock, and of processor time. */
interface Times {
  readonly wall: number;
  readonly cpu: number;
}

/**
 * Runs a shell line as a service to its end; the service stays until the next one.
 * @param maxSize  of its log; the default keeps the last 30 MB of it.
 */
function runLine(line: string, maxSize = '10m'): Times {
  const file = join(folder, 'compose.yaml');
  writeFileSync(
    file,
    `name: bench\nservices:\n  writes:\n    image: ${IMAGE}\n    network_mode: none\n` +
      `    command: [sh, -c, 'busybox time -f "@%e %U %S" ${line}']\n` +
      `    logging: {options: {max-size: ${maxSize}}}\n`,
  );
  const { status, stderr } = spawnSync(
    process.execPath,
    [composeProgram, '-f', file, 'up', '-d', '--force-recreate'],
    { env, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  command(['wait', service]);
  const said = spawnSync(process.execPath, [coracleProgram, 'logs', '--tail', '5', service], {
    env,
  });
  const [, wall, user, system] = /@([\d.]+) ([\d.]+) ([\d.]+)/.exec(said.stderr.toString()) ?? [];
  return { wall: Number(wall) * 1000, cpu: (Number(user) + Number(system)) * 1000 };
}

function milliseconds(time: string): number {
  return Date.parse(time.replace(/(\.\d{3})\d*Z$/, '$1Z')) + Number(time.slice(23, 29)) / 1e6;
}

function writing(): void {
  const samples = { log: [] as Times[], file: [] as Times[] };
  for (let round = 0; round < runs; round += 1) {
    samples.log.push(runLine(lines));
    samples.file.push(runLine(`${lines} > /file`));
  }
  for (const [where, times] of Object.entries(samples)) {
    show(
      `1,000,000 lines to the ${where}`,
      times.map(({ wall }) => wall),
    );
    show(
      `  of it the writer's processor time`,
      times.map(({ cpu }) => cpu),
    );
  }
}

function reading(): void {
  runLine(lines, '100m');
  const samples: number[] = [];
  for (let round = 0; round < runs; round += 1) {
    const begin = performance.now();
    const length = command(['logs', service]).length;
    samples.push(performance.now() - begin);
    if (length !== 8_000_000) throw new Error(`logs gave ${length} bytes`);
  }
  show('logs of 1,000,000 lines', samples);
}

/** From the shim's clock, when it has read a line (`logs -t`), to the follower's, when the line is there. */
async function following(): Promise<void> {
  const line = 'while :; do echo line; busybox usleep 50000; done';
  command(['run', '--network', 'none', '--name', 'talks', '-d', IMAGE, 'sh', '-c', line]);
  const argv = [coracleProgram, 'logs', '-f', '-t', '--tail', '0', 'talks'];
  const child = spawn(process.execPath, argv, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const samples: number[] = [];
  for await (const text of createInterface({ input: child.stdout })) {
    const now = performance.timeOrigin + performance.now();
    samples.push(now - milliseconds(text.split(' ')[0] ?? ''));
    if (samples.length === 200) break;
  }
  child.kill();
  show('a line to a follower', samples);
  command(['rm', '-f', 'talks']);
}

function memory(): void {
  const names = Array.from({ length: 50 }, (_, index) => `idle-${index}`);
  for (const name of names) command(['run', '-d', '--init', '--name', name, IMAGE]);
  const kinds: Record<string, number[]> = { 'coracle-shim': [], 'coracle-dns': [] };
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const name = read(`/proc/${pid}/comm`).trim();
    if (kinds[name] === undefined || !isOurs(pid)) continue;
    const rollup = read(`/proc/${pid}/smaps_rollup`);
    const kilobytes = [...rollup.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+)/gm)].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    );
    kinds[name].push(kilobytes);
  }
  for (const [name, samples] of Object.entries(kinds)) {
    const { median, max } = summarize(samples);
    console.log(`${name}: ${samples.length} of them, private ${median} KB each (most ${max})`);
  }
}

/** Its folders are in its environment, or in that of the shim that made it. */
function isOurs(pid: string): boolean {
  const parent = /^PPid:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? '0';
  return [pid, parent].some((one) => {
    try {
      return readdirSync(`/proc/${one}/fd`).some((fd) =>
        readlinkSync(`/proc/${one}/fd/${fd}`).startsWith(folder),
      );
    } catch {
      return false;
    }
  });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It has ended since /proc was listed.
    return '';
  }
}

function show(what: string, samples: readonly number[]): void {
  const { median, min, max } = summarize(samples);
  const [shown, least, most] = [median, min, max].map((ms) => ms.toFixed(ms < 10 ? 2 : 0));
  console.log(`${what}: ${shown} ms (${least}–${most}, ${samples.length} times)`);
}
