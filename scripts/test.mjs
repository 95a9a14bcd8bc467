/**
 * `npm test`: set-up, then every check and test there is, one after the other; goes on after a failure and
 * names all that failed at the end. Without root only what needs none is run, and what was left out is named.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, runMain, setUp } from './setup.mjs';

const isRoot = process.getuid() === 0;

/** What is run: title, program, arguments; `needsRoot` is left out without it; `mocha` counts. */
const CHECKS = [
  { title: 'format and lint', run: ['node_modules/.bin/biome', 'ci', '.'] },
  { title: 'types', run: ['node_modules/.bin/tsc', '--noEmit'] },
  { title: 'C format', run: ['make', '-s', '-C', 'native', 'format-check'] },
  { title: 'unit tests', mocha: 'unit', base: 'dot' },
  { title: 'native tests', run: ['make', '-s', '-C', 'native', 'check'], needsRoot: true },
  { title: 'integration tests', mocha: 'integration', needsRoot: true },
  { title: 'end-to-end tests', mocha: 'e2e', needsRoot: true },
];

async function main() {
  await setUp({ forTests: true });
  const totals = { passed: 0, failed: 0, skipped: 0 };
  const failed = [];
  const leftOut = [];
  const scratch = mkdtempSync(join(tmpdir(), 'coracle-test-'));
  try {
    for (const check of CHECKS) {
      if (check.needsRoot && !isRoot) {
        leftOut.push(check.title);
        continue;
      }
      const started = Date.now();
      console.log(`\n── ${check.title}`);
      const isFine = check.mocha ? runMocha(check, scratch, totals) : runProgram(check.run);
      console.log(`${isFine ? '✓' : '✗'} ${check.title} (${seconds(started)})`);
      if (!isFine) failed.push(check.title);
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
  console.log();
  if (leftOut.length > 0) console.log(`Left out, as they need root: ${leftOut.join(', ')}`);
  console.log('Left out, as it boots a machine: cgroup version 2 (npm run test:vm)');
  if (failed.length > 0) console.log(`Failed: ${failed.join(', ')}`);
  const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : '';
  console.log(`${totals.passed} passed, ${totals.failed} failed${skipped}`);
  return failed.length === 0 ? 0 : 1;
}

function runProgram([command, ...args], env = process.env) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', env });
  if (result.error) console.error(result.error.message);
  return result.status === 0;
}

/** Runs one tier of mocha's and adds its totals; a run that dies before its end counts as one failure. */
function runMocha({ mocha, base = 'spec' }, scratch, totals) {
  const stats = join(scratch, `${mocha}.json`);
  const reporter = [
    '--reporter',
    'test/support/stats-reporter.mjs',
    '--reporter-option',
    `base=${base}`,
  ];
  const program =
    mocha === 'e2e'
      ? ['test/e2e/run']
      : ['node_modules/.bin/mocha', '--config', `test/mocharc.${mocha}.json`];
  const env = { ...process.env, CORACLE_TEST_STATS: stats };
  const isFine = runProgram([...program, ...reporter], env);
  let counted = { passed: 0, failed: 1, skipped: 0 };
  try {
    counted = JSON.parse(readFileSync(stats, 'utf8'));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  for (const key of Object.keys(totals)) totals[key] += counted[key];
  return isFine && counted.failed === 0;
}

function seconds(started) {
  return `${((Date.now() - started) / 1000).toFixed(1)} s`;
}

await runMain(main);
