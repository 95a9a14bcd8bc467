/**
 * `npm run bench:pull`: how long a pull takes until the image can be run, from a registry on this machine; beside Docker where one
 * answers, in turns, the image removed before each. And how long the same layers take GNU tar to unpack.
 *
 *   npm run bench:pull -- --image 127.0.0.1:5000/bench/big [--runs 5]
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { coracleProgram } from '../test/support/command.ts';
import { nativeBinary } from '../test/support/untar-bench.ts';
import { type Contestant, findContestants } from './contestants.ts';
import { summarize } from './statistics.ts';

const { values } = parseArgs({
  options: { image: { type: 'string' }, runs: { type: 'string', default: '5' } },
});
const { image } = values;
if (image === undefined) throw new Error('say which image: --image 127.0.0.1:5000/bench/big');
const runs = Number(values.runs);
const folder = mkdtempSync(join(tmpdir(), 'coracle-bench-pull-'));
const samples = new Map<string, number[]>();
const add = (name: string, ms: number) => samples.set(name, [...(samples.get(name) ?? []), ms]);

try {
  const contestants = findContestants(folder);
  for (let run = 0; run < runs; run += 1) {
    for (const contestant of contestants) {
      const program = cli(contestant);
      spawnSync(program[0] ?? '', [...program.slice(1), 'rmi', '-f', image], contestant);
      // What the removal has left for the disk must not be part of the pull.
      spawnSync('sync');
      add(`pull, ${contestant.name}`, timed([...program, 'pull', '-q', image], contestant.env));
    }
  }
  unpackLayers(join(folder, 'data/images/blobs/sha256'));
  for (const [name, list] of samples) {
    const { median, min, max } = summarize(list);
    console.log(`${name.padEnd(28)} ${seconds(median)} s  (${seconds(min)}–${seconds(max)})`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The layers that were pulled, one after the other, by our untar and by GNU tar. */
function unpackLayers(blobs: string): void {
  const layers = readdirSync(blobs)
    .map((name) => join(blobs, name))
    .filter((path) => statSync(path).size > 1_000_000);
  for (let run = 0; run < runs; run += 1) {
    for (const [name, script] of Object.entries({
      // It takes both digests of the layer on the way, too.
      'unpack, coracle': `exec ${nativeBinary} untar --root "$1" < "$2" > /dev/null`,
      'unpack, GNU tar': 'exec tar --xattrs --numeric-owner -xpzf "$2" -C "$1"',
    })) {
      let ms = 0;
      for (const layer of layers) {
        const to = join(folder, 'unpacked');
        mkdirSync(to);
        ms += timed(['sh', '-c', script, 'sh', to, layer], process.env);
        rmSync(to, { recursive: true });
      }
      add(name, ms);
    }
  }
}

function cli({ name }: Contestant): readonly string[] {
  return name === 'coracle' ? [process.execPath, coracleProgram] : ['docker'];
}

function timed(argv: readonly string[], env: NodeJS.ProcessEnv): number {
  const [program = '', ...args] = argv;
  const started = performance.now();
  const { status, stderr } = spawnSync(program, args, { env, encoding: 'utf8' });
  if (status === 0) return performance.now() - started;
  throw new Error(`${argv.join(' ')} failed (${status})\n${stderr}`);
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}
