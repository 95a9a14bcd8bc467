/**
 * Everything that a fresh clone needs before it runs: Debian packages, npm packages, the native programs and
 * the bundle. What is done already is skipped.
 *
 *   node scripts/setup.mjs [--tests]
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildBundle, buildNative } from './setup/build.mjs';
import { ensureDebianPackages } from './setup/debian.mjs';
import { ensureNpmPackages } from './setup/packages.mjs';
import { SetupError } from './setup/progress.mjs';

/** The repository's top folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Node's `[major, minor]` below which nothing is tried. */
const MINIMUM_NODE = [20, 19];

/** @param options `forTests`: also what only the tests need. */
export async function setUp({ forTests = false } = {}) {
  checkMachine();
  await ensureDebianPackages({ forTests });
  await ensureNpmPackages(root, '.', 'npm packages');
  await ensureNpmPackages(root, 'fixtures/todo-app', "the todo app's npm packages");
  await buildNative(root);
  await buildBundle(root);
}

function checkMachine() {
  if (process.platform !== 'linux') {
    throw new SetupError(
      `Coracle runs containers with the Linux kernel; this is ${process.platform}.`,
    );
  }
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor < MINIMUM_NODE[1])) {
    throw new SetupError(
      `Node ${MINIMUM_NODE.join('.')} or newer is needed; this is ${process.version}.`,
    );
  }
}

/** Runs a script's main function: a {@link SetupError} ends it with its message alone. */
export async function runMain(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runMain(() => setUp({ forTests: process.argv.includes('--tests') }));
}
