/**
 * `npm run bench:build`: what a build costs over bare Node's start-up, with everything done before and with nothing, for a small Dockerfile,
 * for one of twenty steps with a thousand files, and for four stages that wait; beside Docker where one answers, in turns.
 *
 *   npm run bench:build -- [--runs 11]
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { coracleProgram } from '../test/support/command.ts';
import { type Contestant, findContestants, IMAGE, makeIdleImage } from './contestants.ts';
import { summarize } from './statistics.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '11' } } });
const runs = Number(values.runs);

const dockerfiles: Readonly<Record<string, string>> = {
  small: `FROM ${IMAGE}\nCOPY file /file\nRUN echo built > /out\nCMD ["sh"]\n`,
  'twenty steps': [
    `FROM ${IMAGE}`,
    ...Array.from({ length: 20 }, (_, index) =>
      index === 10 ? 'COPY many /many' : `RUN echo ${index} > /${index}`,
    ),
  ].join('\n'),
  'four stages': [
    ...[1, 2, 3, 4].map((n) => `FROM ${IMAGE} AS s${n}\nRUN sleep 0.3 && echo ${n} > /${n}`),
    `FROM ${IMAGE}`,
    ...[1, 2, 3, 4].map((n) => `COPY --from=s${n} /${n} /`),
  ].join('\n'),
};

const folder = mkdtempSync(join(tmpdir(), 'coracle-bench-build-'));
try {
  main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function main(): void {
  const contestants = findContestants(folder);
  const archive = makeIdleImage(folder);
  for (const contestant of contestants) contestant.importImage(archive);
  const contexts = Object.entries(dockerfiles).map(([name, text]) => [name, context(name, text)]);
  const samples = new Map<string, number[]>();
  const add = (name: string, ms: number) => samples.set(name, [...(samples.get(name) ?? []), ms]);
  // The first round warms caches and is not kept.
  for (let round = 0; round <= runs; round += 1) {
    const keep = round > 0 ? add : () => undefined;
    process.stderr.write(`\rrun ${round} of ${runs} `);
    keep('bare node', timed([process.execPath, '-e', '0'], process.env));
    for (const [name = '', path = ''] of contexts) {
      for (const contestant of contestants) {
        const build = [...builder(contestant), '-q', '-t', 'bench/built', path];
        keep(
          `${name}, nothing done, ${contestant.name}`,
          timed([...build, '--no-cache'], contestant.env),
        );
        keep(`${name}, all done, ${contestant.name}`, timed(build, contestant.env));
      }
    }
  }
  process.stderr.write('\r\x1b[2K');
  for (const [name, list] of samples) {
    const { median, min, max } = summarize(list);
    console.log(
      `${name.padEnd(36)} ${median.toFixed(0).padStart(6)} ms  (${min.toFixed(0)}–${max.toFixed(0)})`,
    );
  }
}

function context(name: string, dockerfile: string): string {
  const path = join(folder, name.replace(' ', '-'));
  mkdirSync(join(path, 'many'), { recursive: true });
  writeFileSync(join(path, 'Dockerfile'), dockerfile);
  writeFileSync(join(path, 'file'), 'hello\n');
  const count = name === 'twenty steps' ? 1000 : 0;
  for (let index = 0; index < count; index += 1) {
    writeFileSync(join(path, 'many', `file-${index}`), `${index}\n`.repeat(100));
  }
  return path;
}

function builder({ name }: Contestant): readonly string[] {
  return name === 'coracle' ? [process.execPath, coracleProgram, 'build'] : ['docker', 'build'];
}

function timed(argv: readonly string[], env: NodeJS.ProcessEnv): number {
  const [program = '', ...args] = argv;
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(program, args, { env, encoding: 'utf8' });
  if (status === 0) return performance.now() - started;
  throw new Error(`${argv.join(' ')} failed (${status})\n${stdout}${stderr}`);
}
