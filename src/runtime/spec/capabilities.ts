import { AppError } from '../../core/index.ts';

/** Every capability of Linux 6, in the kernel's order (capabilities(7)). */
const all = [
  'CHOWN',
  'DAC_OVERRIDE',
  'DAC_READ_SEARCH',
  'FOWNER',
  'FSETID',
  'KILL',
  'SETGID',
  'SETUID',
  'SETPCAP',
  'LINUX_IMMUTABLE',
  'NET_BIND_SERVICE',
  'NET_BROADCAST',
  'NET_ADMIN',
  'NET_RAW',
  'IPC_LOCK',
  'IPC_OWNER',
  'SYS_MODULE',
  'SYS_RAWIO',
  'SYS_CHROOT',
  'SYS_PTRACE',
  'SYS_PACCT',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_NICE',
  'SYS_RESOURCE',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
  'MKNOD',
  'LEASE',
  'AUDIT_WRITE',
  'AUDIT_CONTROL',
  'SETFCAP',
  'MAC_OVERRIDE',
  'MAC_ADMIN',
  'SYSLOG',
  'WAKE_ALARM',
  'BLOCK_SUSPEND',
  'AUDIT_READ',
  'PERFMON',
  'BPF',
  'CHECKPOINT_RESTORE',
].map((name) => `CAP_${name}`);

/** What Docker gives a container that asks for nothing. */
const defaults = new Set(
  [
    'CHOWN',
    'DAC_OVERRIDE',
    'FSETID',
    'FOWNER',
    'MKNOD',
    'NET_RAW',
    'SETGID',
    'SETUID',
    'SETFCAP',
    'SETPCAP',
    'NET_BIND_SERVICE',
    'SYS_CHROOT',
    'KILL',
    'AUDIT_WRITE',
  ].map((name) => `CAP_${name}`),
);

/**
 * The bounding set from `cap_add` and `cap_drop`, as Docker computes it: `ALL` on either side is taken first,
 * a name on both sides is dropped unless it was added beside `drop: ALL`.
 * @throws {AppError} `RUNTIME_SPEC_INVALID` for a name that no kernel has.
 */
export function capabilitySet(
  add: readonly string[] = [],
  drop: readonly string[] = [],
  privileged = false,
): string[] {
  const added = new Set(add.map(capabilityName));
  const dropped = new Set(drop.map(capabilityName));
  if (privileged) return [...all];
  return all.filter((name) => {
    if (dropped.has('ALL')) return added.has(name);
    if (added.has('ALL')) return !dropped.has(name);
    return (defaults.has(name) && !dropped.has(name)) || added.has(name);
  });
}

function capabilityName(text: string): string {
  const upper = text.toUpperCase();
  if (upper === 'ALL') return upper;
  const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  if (all.includes(name)) return name;
  throw new AppError('RUNTIME_SPEC_INVALID', `unknown capability "${text}"`, {
    hint: 'See capabilities(7) for the names; CAP_ in front may be left out.',
  });
}
