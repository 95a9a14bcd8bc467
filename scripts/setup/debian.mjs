/** The Debian packages that building, running and testing need. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { run, SetupError, step } from './progress.mjs';

/** To build the native programs and to run the stack. */
const RUN_PACKAGES = [
  'gcc',
  'make',
  'libc6-dev',
  'libjson-c-dev',
  'libseccomp-dev',
  'libcap-dev',
  'zlib1g-dev',
  'libzstd-dev',
  'nftables',
  'mmdebstrap',
  'ca-certificates',
];

/** Beyond those, what the tests drive and measure with. */
const TEST_PACKAGES = [
  'bind9-dnsutils',
  'busybox-static',
  'clang-format',
  'crun',
  'curl',
  'docker-registry',
  'iproute2',
  'iptables',
  'mariadb-client',
  'openssl',
  'podman',
  'procps',
  'skopeo',
  'umoci',
];

/** To boot the machine of `npm run test:vm`. */
const VM_PACKAGES = ['cpio', 'e2fsprogs', 'kmod', 'qemu-system-x86'];

/** To build the fuzzers. */
const FUZZ_PACKAGES = ['clang', 'libclang-rt-dev'];

/** Installs what is missing as root, or fails with the one command to type. */
export async function ensureDebianPackages({ forTests, forVm = false, forFuzz = false }) {
  const wanted = [
    ...RUN_PACKAGES,
    ...(forTests ? TEST_PACKAGES : []),
    ...(forVm ? VM_PACKAGES : []),
    ...(forFuzz ? FUZZ_PACKAGES : []),
  ];
  const missing = missingOf(wanted);
  if (missing.length === 0) return;
  const command = `apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  if (process.getuid() !== 0) {
    throw new SetupError(
      `Debian packages are missing. Type this, then try again:\n\n  sudo ${command}\n`,
    );
  }
  await step(`Debian packages: ${missing.join(' ')}`, async (detail) => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const install = () => run('sh', ['-c', command], { env, detail });
    if (!hasPackageLists()) await run('apt-get', ['update'], { env, detail });
    try {
      await install();
    } catch (error) {
      // Lists that are older than the archive name files that are gone: once more with fresh ones.
      if (!(error instanceof SetupError)) throw error;
      await run('apt-get', ['update'], { env, detail });
      await install();
    }
  });
}

function missingOf(wanted) {
  const query = spawnSync(
    'dpkg-query',
    ['-W', '-f', '${Package} ${db:Status-Abbrev}\n', ...wanted],
    { encoding: 'utf8' },
  );
  if (query.error !== undefined) {
    throw new SetupError(
      `dpkg-query is not there: this set-up knows Debian and Ubuntu. Install the equivalents of\n  ${wanted.join(' ')}`,
    );
  }
  const installed = new Set();
  for (const line of query.stdout.split('\n')) {
    const [name, status] = line.split(' ');
    if (status === 'ii') installed.add(name);
  }
  return wanted.filter((name) => !installed.has(name));
}

function hasPackageLists() {
  try {
    return readdirSync('/var/lib/apt/lists').some(
      (name) => name.endsWith('_Packages') || name.endsWith('.lz4'),
    );
  } catch {
    return false;
  }
}
