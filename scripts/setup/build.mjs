/** The two things that are built: the native programs (by make) and the bundled command line (by esbuild). */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { run, step } from './progress.mjs';
import { hashOf, hasStamp, writeStamp } from './stamp.mjs';

/** What the bundle is made from; the lock file stands for the libraries in it. */
const BUNDLE_INPUTS = [
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'schema',
  'scripts/build.ts',
  'scripts/generate.ts',
  'src',
];

/** make knows by itself what is out of date. */
export async function buildNative(root) {
  await step('native programs', async (detail) => {
    const make = (...args) => run('make', ['-C', 'native', ...args], { cwd: root, detail });
    if (
      await make('-q', 'all').then(
        () => true,
        () => false,
      )
    )
      return false;
    await make('-s', `-j${availableParallelism()}`);
    return true;
  });
}

/** Generates the validators and bundles `coracle` and `compose` into dist/. */
export async function buildBundle(root) {
  const stamp = join(root, 'dist', '.set-up');
  const hash = hashOf(root, BUNDLE_INPUTS);
  if (!hasStamp(stamp, hash)) {
    await step('bundle', async (detail) => {
      const script = (name) =>
        run(process.execPath, ['--import', 'tsx', name], { cwd: root, detail });
      await script('scripts/generate.ts');
      await script('scripts/build.ts');
      writeStamp(stamp, hash);
    });
  }
  linkCommands(root);
}

/**
 * `npx compose` looks in node_modules/.bin of the folder and of every folder above it: with links there it works in the
 * whole tree, as it does where the package is installed.
 */
function linkCommands(root) {
  const folder = join(root, 'node_modules', '.bin');
  mkdirSync(folder, { recursive: true });
  const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const [name, target] of Object.entries(bin)) {
    chmodSync(join(root, target), 0o755);
    const link = join(folder, name);
    if (existsSync(link) && lstatSync(link).isSymbolicLink()) continue;
    rmSync(link, { force: true });
    symlinkSync(join('..', '..', target), link);
  }
}
