/** `npm run test:vm [-- native|delegated|integration]`: the suites on cgroup version 2, in a machine that qemu emulates. */
import { spawnSync } from 'node:child_process';
import { ensureDebianPackages } from './setup/debian.mjs';
import { root, runMain, setUp } from './setup.mjs';

await runMain(async () => {
  await setUp({ forTests: true });
  await ensureDebianPackages({ forTests: true, forVm: true });
  const result = spawnSync('test/vm/run', process.argv.slice(2), { cwd: root, stdio: 'inherit' });
  if (result.error) console.error(result.error.message);
  return result.status ?? 1;
});
