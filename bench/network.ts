/**
 * `npm run bench:network`, as root: names and packets, beside Docker where an Engine answers. Runs in the network namespace of that
 * Engine's host, so that both publish their ports at the same place. Contestants take turns; medians.
 *
 *   npm run bench:network -- [--rounds 5] [--queries 20000] [--seconds 3] [--only dns]
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Contestant, findContestants, IMAGE, makeIdleImage } from './contestants.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    queries: { type: 'string', default: '20000' },
    seconds: { type: 'string', default: '3' },
    only: { type: 'string' },
  },
});
const source = fileURLToPath(new URL('./dns-load.c', import.meta.url));

/** A contestant's stack; server and client are the command lines of its containers. */
interface Stack {
  readonly contestant: Contestant;
  readonly file: string;
  readonly server: string;
  readonly client: string;
  readonly port: number;
}

const folder = mkdtempSync(join(tmpdir(), 'coracle-bench-network-'));
try {
  await main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function main(): Promise<void> {
  execFileSync('gcc', ['-O2', '-static', '-o', join(folder, 'dns-load'), source]);
  const archive = makeIdleImage(folder);
  const stacks: Stack[] = [];
  try {
    for (const contestant of findContestants(folder)) {
      console.log(`${contestant.name}: ${contestant.version}`);
      contestant.importImage(archive);
      const stack = plan(contestant, stacks.length);
      stacks.push(stack);
      compose(contestant, stack.file, 'up', '-d');
    }
    const found = new Map<string, Map<string, number[]>>();
    for (let round = 0; round < Number(values.rounds); round += 1) {
      for (const stack of stacks) {
        for (const [what, value] of await measure(stack)) {
          const row = found.get(what) ?? new Map<string, number[]>();
          found.set(what, row);
          row.set(stack.contestant.name, [...(row.get(stack.contestant.name) ?? []), value]);
        }
      }
    }
    report(found);
  } finally {
    for (const { contestant, file } of stacks) compose(contestant, file, 'down', '-t', '0');
  }
}

/** Processor time of a run is short of what the machine has: one thing at a time. */
async function measure(stack: Stack): Promise<[string, number][]> {
  const one = await ask(stack, 1);
  const many = await ask(stack, 100);
  const names: [string, number][] = [
    ['DNS, one at a time, queries/s', one.perSecond],
    ['DNS, one at a time, median µs', one.medianUs],
    ['DNS, 100 in flight, queries/s', many.perSecond],
  ];
  if (values.only === 'dns') return names;
  return [
    ...names,
    ['container → container, Gbit/s', await throughput(stack, stack.client, 'server', 5201)],
    ['host → published port, Gbit/s', await throughput(stack, undefined, '127.0.0.1', stack.port)],
    [
      'host → published port by its address, Gbit/s',
      await throughput(stack, undefined, hostAddress(), stack.port),
    ],
  ];
}

/** Not yet up: whatever happens from here on, `down` finds it. */
function plan(contestant: Contestant, index: number): Stack {
  const file = join(folder, `${contestant.name}.yaml`);
  const port = 18_500 + index;
  const [server, client] = [1, 2].map((which) => `sleep ${86_400 + 10 * index + which}`);
  writeFileSync(
    file,
    `name: bench-network-${contestant.name}
services:
  server: {image: "${IMAGE}", init: true, command: ${server}, ports: ["${port}:5201"]}
  client: {image: "${IMAGE}", init: true, command: ${client}}
`,
  );
  return { contestant, file, port, server: `${server}`, client: `${client}` };
}

async function ask(
  { client }: Stack,
  inFlight: number,
): Promise<{ perSecond: number; medianUs: number }> {
  const argv = [
    '-t',
    await pidOf(client),
    '-n',
    join(folder, 'dns-load'),
    '127.0.0.11',
    'server',
    values.queries,
    `${inFlight}`,
  ];
  return JSON.parse(execFileSync('nsenter', argv, { encoding: 'utf8' }));
}

/** From the host (`from` undefined) or a container to the server's container. */
async function throughput(
  stack: Stack,
  from: string | undefined,
  host: string,
  port: number,
): Promise<number> {
  const pid = await pidOf(stack.server);
  const server = spawn('nsenter', ['-t', pid, '-n', 'iperf3', '-s', '-1'], {
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  const enter = from === undefined ? [] : ['nsenter', '-t', await pidOf(from), '-n'];
  const target = from === undefined ? host : addressOf(pid);
  const [program = '', ...args] = [
    ...enter,
    'iperf3',
    '-c',
    target,
    '-p',
    `${port}`,
    '-t',
    values.seconds,
    '-J',
  ];
  for (let attempt = 0; ; attempt += 1) {
    await later(200);
    const { stdout } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 24 });
    const { end, error } = JSON.parse(stdout) as {
      end: { sum_received?: { bits_per_second: number } };
      error?: string;
    };
    if (end.sum_received === undefined) {
      if (attempt === 20) throw new Error(`iperf3: ${error}`);
      continue;
    }
    await ended;
    return end.sum_received.bits_per_second / 1e9;
  }
}

function addressOf(pid: string): string {
  const argv = ['-t', pid, '-n', 'ip', '-4', '-o', 'addr', 'show', 'eth0'];
  return /inet ([\d.]+)/.exec(execFileSync('nsenter', argv, { encoding: 'utf8' }))?.[1] ?? '';
}

/** An address of the host's that is not its loopback: the gateway of the first bridge. */
function hostAddress(): string {
  const text = execFileSync('ip', ['-4', '-o', 'addr', 'show', 'scope', 'global'], {
    encoding: 'utf8',
  });
  return /inet ([\d.]+)/.exec(text)?.[1] ?? '127.0.0.1';
}

function report(found: ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>): void {
  for (const [what, row] of found) {
    const medians = [...row].map(([name, list]) => [name, median(list)] as const);
    const [ours, theirs] = medians.map(([, value]) => value);
    const ratio =
      ours !== undefined && theirs !== undefined ? `  ratio ${(ours / theirs).toFixed(2)}` : '';
    console.log(
      `${what}: ${medians.map(([name, value]) => `${name} ${value.toFixed(1)}`).join(', ')}${ratio}`,
    );
  }
}

function median(list: readonly number[]): number {
  return [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
}

/** The process whose command line is this; the container's, as the host counts. */
async function pidOf(commandLine: string): Promise<string> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        if (text === commandLine) return pid;
      } catch {
        // It has ended meanwhile.
      }
    }
    await later(100);
  }
  throw new Error(`no process ${commandLine}`);
}

function compose({ compose: program, env }: Contestant, file: string, ...args: string[]): void {
  const [command = '', ...before] = program;
  execFileSync(command, [...before, '-f', file, ...args], {
    env,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
