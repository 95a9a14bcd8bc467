import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Check, check } from './check.ts';

/** A line of `coracle-runtime probe` (native/PROTOCOL.md). */
interface Probe {
  readonly probe: string;
  readonly ok: boolean;
  readonly found: string;
  readonly errno: number;
}

/** Probe → its name here, and what to do where it fails. */
const probes: Readonly<Record<string, { name: string; fix: string; otherwise?: 'warn' }>> = {
  'system-calls': {
    name: 'system calls',
    fix: 'Use Linux 5.12 or newer; inside another container, lift its system call filter.',
  },
  seccomp: { name: 'seccomp', fix: 'Use a kernel with CONFIG_SECCOMP_FILTER.' },
  cgroups: {
    name: 'control groups',
    fix: 'Mount them for writing: mount -t cgroup2 none /sys/fs/cgroup',
  },
  namespaces: {
    name: 'namespaces',
    fix: 'Run it as root of the machine, or in a container that is privileged.',
  },
  overlay: {
    name: 'overlay',
    fix: 'Load it: modprobe overlay; the data folder must be on ext4, xfs, btrfs or tmpfs.',
  },
  bridge: {
    name: 'bridge',
    fix: 'Load it: modprobe bridge. Without it only host networking works.',
  },
  veth: { name: 'veth', fix: 'Load it: modprobe veth. Without it only host networking works.' },
  nf_tables: {
    name: 'nf_tables',
    fix: 'Load it: modprobe -a nf_tables nft_nat nft_masq nft_fib_inet. Without it no network works.',
  },
  firewall: {
    name: 'firewall',
    fix: 'Accept our bridges there: iifname "cor-*" accept; oifname "cor-*" accept (docs/networks.md).',
    otherwise: 'warn',
  },
  ipv6: {
    name: 'ipv6',
    fix: 'Networks with enable_ipv6 need it: boot without ipv6.disable=1.',
    otherwise: 'warn',
  },
};

/** What the kernel does when it is asked to do what a container's start does. @param data  the data folder. */
export function nativeChecks(folder: string, data: string): Check[] {
  const missing = ['coracle-runtime', 'coracle-init'].filter(
    (name) => !existsSync(join(folder, name)),
  );
  const programs = check('native programs', missing.length === 0, {
    found: missing.length === 0 ? folder : `${missing.join(', ')} missing in ${folder}`,
    fix: 'Build them: npm run build:native',
  });
  if (programs.state !== 'ok') return [programs];
  let place = data;
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  let lines: string;
  try {
    const argv = ['probe', '--data', place];
    lines = execFileSync(join(folder, 'coracle-runtime'), argv, { encoding: 'utf8', env: {} });
  } catch (error) {
    const found = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return [
      { ...programs, state: 'fail', found: `${found}`, fix: 'Build them: npm run build:native' },
    ];
  }
  return [programs, ...lines.trim().split('\n').map(probeCheck)];
}

function probeCheck(line: string): Check {
  const { probe, ok, found } = JSON.parse(line) as Probe;
  const { name, ...rest } = probes[probe] ?? { name: probe, fix: '' };
  return check(name, ok, { found, ...rest });
}
