import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { dirname, join } from 'node:path';
import { defineCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { nativeFolder } from '../open-engine.ts';

/** One thing that containers need of the machine. */
interface Check {
  readonly what: string;
  readonly found: string;
  readonly ok: boolean;
  /** What to do where it is not there. */
  readonly fix: string;
}

export const doctorCommand = defineCommand({
  name: 'doctor',
  positional: '',
  summary: 'Check what this machine offers for running containers',
  flags: [],
  async run(context) {
    const checks = [
      userCheck(context),
      kernelCheck(),
      fileSystemCheck(),
      cgroupCheck(),
      nftablesCheck(),
      nativeCheck(context),
      folderCheck('data folder', context.roots.data, 'CORACLE_DATA'),
      folderCheck('run folder', context.roots.run, 'CORACLE_RUN'),
    ];
    for (const { what, found, ok, fix } of checks) {
      context.out(`${ok ? 'ok  ' : 'FAIL'}  ${what}: ${found}\n`);
      if (!ok) context.out(`      ${fix}\n`);
    }
    return checks.every(({ ok }) => ok) ? 0 : 1;
  },
});

function userCheck({ host }: CommandContext): Check {
  return {
    what: 'user',
    found: host.uid === 0 ? 'root' : `user id ${host.uid}`,
    ok: host.uid === 0,
    fix: 'Run it with sudo.',
  };
}

/** openat2 and mount attributes need 5.6 and 5.12. */
const oldestKernel = [5, 12] as const;

function kernelCheck(): Check {
  const [major = 0, minor = 0] = release()
    .split('.')
    .map((part) => Number.parseInt(part, 10));
  return {
    what: 'kernel',
    found: release(),
    ok: major > oldestKernel[0] || (major === oldestKernel[0] && minor >= oldestKernel[1]),
    fix: `Use Linux ${oldestKernel.join('.')} or newer.`,
  };
}

function fileSystemCheck(): Check {
  const known = /\boverlay$/m.test(readFileSync('/proc/filesystems', 'utf8'));
  return {
    what: 'overlay file system',
    found: known ? 'known to the kernel' : 'not known to the kernel',
    ok: known,
    fix: 'Load it: modprobe overlay',
  };
}

function cgroupCheck(): Check {
  const controllers = readOptional('/sys/fs/cgroup/cgroup.controllers');
  const version2 = controllers !== undefined && controllers.trim() !== '';
  const version1 = existsSync('/sys/fs/cgroup/memory/tasks') || existsSync('/sys/fs/cgroup/pids');
  return {
    what: 'control groups',
    found: version2 ? `v2 (${controllers.trim()})` : version1 ? 'v1' : 'none',
    ok: version2 || version1,
    fix: 'Mount them: mount -t cgroup2 none /sys/fs/cgroup',
  };
}

function nftablesCheck(): Check {
  const there = existsSync('/proc/net/netfilter') || existsSync('/sys/module/nf_tables');
  return {
    what: 'nftables',
    found: there ? 'known to the kernel' : 'not known to the kernel',
    ok: there,
    fix: 'Load it: modprobe nf_tables. Without it no port can be published.',
  };
}

function nativeCheck({ host }: CommandContext): Check {
  const folder = nativeFolder(host);
  const missing = ['coracle-runtime', 'coracle-init'].filter(
    (name) => !existsSync(join(folder, name)),
  );
  return {
    what: 'native programs',
    found: missing.length === 0 ? folder : `${missing.join(', ')} missing in ${folder}`,
    ok: missing.length === 0,
    fix: 'Build them: npm run build:native',
  };
}

function folderCheck(what: string, path: string, variable: string): Check {
  let place = path;
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  let ok = true;
  try {
    accessSync(place, constants.W_OK);
  } catch {
    // EACCES or EROFS: exactly what is asked.
    ok = false;
  }
  return {
    what,
    found: `${path}${ok ? '' : ' (cannot be written)'}`,
    ok,
    fix: `Set ${variable} to a folder that you can write.`,
  };
}

function readOptional(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
