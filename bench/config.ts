/**
 * `npm run bench:config`: what `config -q` costs over bare Node's start-up, for a small file and for 500 services whose
 * `depends_on` make a chain and a tree; beside Docker Compose where there is one, in turns.
 *
 *   npm run bench:config -- [--runs 11]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { composeProgram } from '../test/support/command.ts';
import { summarize } from './statistics.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '11' } } });
const runs = Number(values.runs);

const files: Readonly<Record<string, string>> = {
  small: 'services:\n  web: {image: x, ports: ["80:80"], depends_on: [db]}\n  db: {image: y}\n',
  chain: services(500, (index) => index - 1),
  tree: services(500, (index) => Math.floor((index - 1) / 2)),
};

function services(count: number, dependencyOf: (index: number) => number): string {
  const lines = ['x-common: &common\n  image: x\n  environment: {A: "1"}\nservices:\n'];
  for (let index = 0; index < count; index += 1) {
    const dependency = index === 0 ? '' : `    depends_on: [s${dependencyOf(index)}]\n`;
    lines.push(`  s${index}:\n    <<: *common\n    ports: ["${10000 + index}:80"]\n${dependency}`);
  }
  return lines.join('');
}

function timed(argv: readonly string[]): number {
  const [program = '', ...args] = argv;
  const started = performance.now();
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${argv.join(' ')} failed (${status})\n${stderr}`);
  return performance.now() - started;
}

const folder = mkdtempSync(join(tmpdir(), 'coracle-bench-config-'));
try {
  const columns: Record<string, readonly string[]> = {
    coracle: [process.execPath, composeProgram],
  };
  if (spawnSync('docker', ['compose', 'version']).status === 0) {
    columns.docker = ['docker', 'compose'];
  }
  const samples = new Map<string, number[]>();
  const add = (name: string, ms: number) => samples.set(name, [...(samples.get(name) ?? []), ms]);
  // The first round warms caches and is not kept.
  for (let round = 0; round <= runs; round += 1) {
    const keep = round > 0 ? add : () => undefined;
    keep('bare node', timed([process.execPath, '-e', '0']));
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, `${name}.yaml`);
      writeFileSync(path, text);
      for (const [column, program] of Object.entries(columns)) {
        keep(`${name}, ${column}`, timed([...program, '-f', path, 'config', '-q']));
      }
    }
  }
  const bare = summarize(samples.get('bare node') ?? []).median;
  for (const [name, list] of samples) {
    const { median, min, max } = summarize(list);
    const range = `${min.toFixed(0)}–${max.toFixed(0)}`;
    console.log(
      `${name.padEnd(16)} ${median.toFixed(1)} ms (${range}), ${(median - bare).toFixed(1)} ms over bare node`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
