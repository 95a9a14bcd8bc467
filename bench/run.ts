/**
 * `npm run bench`: how long the everyday commands take with 1, 10 and 50 idle containers, beside bare Node's start-up and,
 * where a Docker Engine answers, beside Docker Compose, run in turns. Only ratios within one run mean something.
 *
 * Then a chain of five services behind each other's healthchecks, and an app with a database that has its volume already.
 *
 *   npm run bench -- [--runs 7] [--sizes 1,10,50]
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repository } from '../test/support/command.ts';
import { type Contestant, findContestants, IMAGE, makeIdleImage } from './contestants.ts';
import { printTable, type Row } from './report.ts';
import { chainChecksMs, chainOfFive, type Keep, measureTodo, provideDatabase } from './stacks.ts';
import { summarize } from './statistics.ts';

/** Commands in the order in which they are timed, with what they are given. */
const STEPS: readonly { readonly name: string; readonly args: readonly string[] }[] = [
  { name: 'up -d', args: ['up', '-d'] },
  { name: 'up -d again', args: ['up', '-d'] },
  { name: 'ps', args: ['ps'] },
  { name: 'exec true', args: ['exec', '-T', 's1', 'true'] },
  { name: 'run --rm true', args: ['run', '--rm', '-T', 's1', 'true'] },
  { name: 'down', args: ['down'] },
];

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '7' },
    sizes: { type: 'string', default: '1,10,50' },
  },
});
const runs = Number(values.runs);
const sizes = values.sizes.split(',').map(Number);

const folder = mkdtempSync(join(tmpdir(), 'coracle-bench-'));
try {
  await main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function main(): Promise<void> {
  const contestants = findContestants(folder);
  const archive = makeIdleImage(folder);
  for (const contestant of contestants) {
    console.log(`${contestant.name}: ${contestant.version}`);
    contestant.importImage(archive);
  }
  const samples = new Map<string, number[]>();
  const add = (row: string, column: string, ms: number) => {
    const key = `${row}\t${column}`;
    samples.set(key, [...(samples.get(key) ?? []), ms]);
  };
  for (const size of sizes) {
    const file = join(folder, `idle-${size}.yaml`);
    writeFileSync(file, stackOf(size));
    // The first round warms caches and is not kept.
    for (let round = 0; round <= runs; round += 1) {
      const keep = round > 0 ? add : () => undefined;
      process.stderr.write(`\r${size} containers, run ${round} of ${runs} `);
      keep('bare node', 'node', timed([process.execPath, '-e', '0'], process.env));
      for (const contestant of contestants) measureStack(contestant, file, size, keep);
    }
  }
  const chain = join(folder, 'chain.yaml');
  writeFileSync(chain, chainOfFive());
  for (let round = 0; round <= runs; round += 1) {
    const keep = round > 0 ? add : () => undefined;
    process.stderr.write(`\rchain, run ${round} of ${runs} `);
    for (const contestant of contestants) measureChain(contestant, chain, keep);
  }
  if (provideDatabase(folder, contestants)) await measureTodo(folder, contestants, runs, add);
  else console.log('no database image: run test/e2e/run once for the row of the todo stack');
  process.stderr.write('\r\x1b[2K');
  console.log(`the checks of the chain alone: ${chainChecksMs} ms`);
  const rows: Row[] = [...samples].map(([key, values]) => {
    const [name = '', column = ''] = key.split('\t');
    return { name, column, ...summarize(values) };
  });
  printTable(
    rows,
    contestants.map(({ name }) => name),
  );
  save(rows, contestants);
}

function measureStack(
  { name, compose, env }: Contestant,
  file: string,
  size: number,
  keep: Keep,
): void {
  const command = (args: readonly string[]) => [
    ...compose,
    '-p',
    `bench-${size}`,
    '-f',
    file,
    ...args,
  ];
  try {
    for (const step of STEPS) keep(`${step.name}, ${size}`, name, timed(command(step.args), env));
  } finally {
    spawnSync(compose[0] ?? '', command(['down', '-t', '0']).slice(1), { env });
  }
}

function measureChain({ name, compose, env }: Contestant, file: string, keep: Keep): void {
  const command = [...compose, '-p', 'bench-chain', '-f', file];
  try {
    keep('up -d, a chain of five healthchecks', name, timed([...command, 'up', '-d'], env));
  } finally {
    const [program = '', ...args] = [...command, 'down', '-t', '0'];
    spawnSync(program, args, { env });
  }
}

/** Milliseconds that a command took; one that fails ends the benchmark. */
function timed(argv: readonly string[], env: NodeJS.ProcessEnv): number {
  const [program = '', ...args] = argv;
  const started = performance.now();
  const result = spawnSync(program, args, { env, encoding: 'utf8' });
  const ms = performance.now() - started;
  if (result.status === 0) return ms;
  throw new Error(`${argv.join(' ')} failed (${result.status})\n${result.stdout}${result.stderr}`);
}

function stackOf(size: number): string {
  const services = Array.from(
    { length: size },
    (_, index) => `  s${index + 1}: {image: "${IMAGE}", command: [sleep, infinity], init: true}\n`,
  );
  return `services:\n${services.join('')}`;
}

function save(rows: readonly Row[], contestants: readonly Contestant[]): void {
  const results = join(repository, 'bench/results');
  mkdirSync(results, { recursive: true });
  const when = new Date().toISOString();
  const path = join(results, `${when.replace(/[:.]/g, '-')}.json`);
  const machine = {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    kernel: release(),
    node: process.version,
  };
  const versions = Object.fromEntries(contestants.map(({ name, version }) => [name, version]));
  writeFileSync(path, `${JSON.stringify({ when, machine, versions, rows }, null, 2)}\n`);
  console.log(`\nwritten to ${path}`);
}
