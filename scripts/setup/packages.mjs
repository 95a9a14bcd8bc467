/** npm packages: ours and the todo app's, installed again when their lock file has changed. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run, step } from './progress.mjs';
import { hashOf, hasStamp, writeStamp } from './stamp.mjs';

/**
 * `npm ci` in `folder` (relative to `root`), unless its node_modules was made from this very lock file by
 * this Node.
 */
export async function ensureNpmPackages(root, folder, title) {
  const modules = join(root, folder, 'node_modules');
  const stamp = join(modules, '.set-up');
  const lock = join(folder, 'package-lock.json');
  const hash = hashOf(root, [lock], process.version, process.arch);
  if (existsSync(modules) && hasStamp(stamp, hash)) return;
  await step(title, async (detail) => {
    await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: join(root, folder), detail });
    writeStamp(stamp, hash);
  });
}
