/**
 * `npm run test:sanitizers`: the native suite with address and undefined-behaviour sanitizers, then a shim over
 * CORACLE_RESTARTS (1000) restarts, which may leak nothing; `npm run fuzz` (this with `fuzz`): the libFuzzer targets,
 * FUZZ_SECONDS (60) each.
 *
 * LeakSanitizer and not valgrind: Debian 12's knows neither pidfd_open, openat2 and the calls that mount without a path, nor
 * clones into new namespaces, so that no container starts under it.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureDebianPackages } from './setup/debian.mjs';
import { root, runMain, setUp } from './setup.mjs';

await runMain(async () => {
  const isFuzz = process.argv[2] === 'fuzz';
  await setUp({ forTests: true });
  await ensureDebianPackages({ forTests: true, forFuzz: isFuzz });
  const result = spawnSync('make', ['-s', '-C', 'native', isFuzz ? 'fuzz-run' : 'asan-check'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (result.error) console.error(result.error.message);
  if (isFuzz || result.status !== 0) return result.status ?? 1;
  return overRestarts();
});

/** Node gives the native client no environment, so a script sets what the sanitizers read. */
function overRestarts() {
  const folder = mkdtempSync(join(tmpdir(), 'coracle-sanitizers-'));
  const log = join(folder, 'report');
  const wrapper = join(folder, 'runtime');
  const program = join(root, 'native/build/asan/coracle-runtime');
  const options = `ASAN_OPTIONS=detect_leaks=1:log_path=${log} UBSAN_OPTIONS=print_stacktrace=1:log_path=${log}`;
  writeFileSync(wrapper, `#!/bin/sh\n${options} exec ${program} "$@"\n`, { mode: 0o755 });
  const mocha = [
    'mocha',
    '--node-option',
    'import=tsx',
    'test/integration/runtime/restarts.test.ts',
  ];
  const { status } = spawnSync('npx', mocha, {
    cwd: root,
    stdio: 'inherit',
    env: {
      CORACLE_RESTARTS: '1000',
      ...process.env,
      CORACLE_TEST_RUNTIME: wrapper,
      CORACLE_SANITIZER_LOG: log,
    },
  });
  rmSync(folder, { recursive: true });
  return status ?? 1;
}
