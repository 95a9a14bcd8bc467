import { AppError, type ErrorCode } from '../core/index.ts';
import type { NativeFailure } from './native-ops.ts';

/**
 * Native failures that deserve a code or a hint of their own; the first row that fits wins. An empty column
 * fits everything.
 *
 * | errno name | operation | code | hint (the code's own when left out) |
 */
const rows: readonly (readonly [
  errnoName: string,
  op: RegExp | null,
  code: ErrorCode,
  hint?: string,
])[] = [
  ['EADDRINUSE', null, 'PORT_ALREADY_ALLOCATED'],
  ['EADDRNOTAVAIL', /^publish port$/, 'PORT_ADDRESS_UNAVAILABLE'],
  ['EPROTONOSUPPORT', /^open netlink socket$/, 'NETWORK_NFTABLES_MISSING'],
  [
    'EOPNOTSUPP',
    /^(look up|create|commit|add) (table|set|chain|nf_tables|rule)/,
    'NETWORK_NFTABLES_MISSING',
  ],
  [
    'EOPNOTSUPP',
    /^create ipvlan$/,
    'HOST_KERNEL_FEATURE_MISSING',
    'load it: `modprobe ipvlan`; where the kernel has none, driver macvlan does much the same',
  ],
  [
    'EOPNOTSUPP',
    /^create macvlan$/,
    'HOST_KERNEL_FEATURE_MISSING',
    'load it: `modprobe macvlan`; where the kernel has none, use a network of driver bridge',
  ],
  ['ENOENT', /^add rule to chain$/, 'NETWORK_NFTABLES_MISSING'],
  ['ENOENT', /^execve$/, 'NATIVE_COMMAND_NOT_FOUND'],
  ['ENOTDIR', /^execve$/, 'NATIVE_COMMAND_NOT_FOUND'],
  ['EACCES', /^execve$/, 'NATIVE_COMMAND_NOT_EXECUTABLE'],
  ['EPERM', /^execve$/, 'NATIVE_COMMAND_NOT_EXECUTABLE'],
  [
    'ENOEXEC',
    /^execve$/,
    'NATIVE_COMMAND_NOT_EXECUTABLE',
    'check that the file is built for this machine and that a script starts with #!',
  ],
  ['ECONNREFUSED', /^connect$/, 'NATIVE_NOT_RUNNING'],
  ['ESRCH', /^connect$/, 'NATIVE_NOT_RUNNING'],
  ['ENOENT', /^connect$/, 'NATIVE_NOT_RUNNING'],
  ['EROFS', /^open log$/, 'HOST_READ_ONLY'],
  ['EROFS', null, 'NATIVE_READ_ONLY'],
  ['ENOSPC', /^inotify_add_watch$/, 'NATIVE_WATCH_LIMIT'],
  ['EMFILE', /^inotify_init1$/, 'NATIVE_WATCH_LIMIT'],
  [
    'EPERM',
    null,
    'NATIVE_FAILED',
    'run as root; inside another container, it must be privileged: `coracle doctor` lists what is missing',
  ],
  [
    'EACCES',
    null,
    'NATIVE_FAILED',
    'run as root, and check the permissions of the path named above',
  ],
  ['ENOSPC', null, 'HOST_DISK_FULL'],
  ['EDQUOT', null, 'HOST_DISK_FULL'],
  [
    'EBUSY',
    null,
    'NATIVE_FAILED',
    'something still uses the path named above; stop it, then try again',
  ],
  ['EMFILE', null, 'HOST_FILES_EXHAUSTED'],
  ['ENFILE', null, 'HOST_FILES_EXHAUSTED'],
  ['ENOSYS', null, 'HOST_KERNEL_FEATURE_MISSING'],
  ['ENODEV', /^fsopen$/, 'HOST_KERNEL_FEATURE_MISSING'],
  ['ENOMEM', null, 'HOST_MEMORY_EXHAUSTED'],
  ['EAGAIN', /^(clone|fork)/, 'HOST_MEMORY_EXHAUSTED'],
];

/** Exit codes that a container which never ran is given, as by Docker. */
const exitCodes: Partial<Record<ErrorCode, number>> = {
  NATIVE_COMMAND_NOT_FOUND: 127,
  NATIVE_COMMAND_NOT_EXECUTABLE: 126,
};

/** The one translation of the native side's failures. */
export function nativeError(failure: NativeFailure): AppError {
  const row = rows.find(
    ([errnoName, op]) => errnoName === failure.errnoName && (op === null || op.test(failure.op)),
  );
  const code = row?.[2] ?? 'NATIVE_FAILED';
  const hint = row?.[3];
  const exitCode = exitCodes[code];
  const reason = failure.errnoName === '' ? '' : ` (${failure.errnoName})`;
  const place =
    failure.path === '' || failure.message.includes(failure.path) ? '' : `${failure.path}: `;
  return new AppError(code, `${failure.op}: ${place}${failure.message}${reason}`, {
    ...(hint === undefined ? {} : { hint }),
    ...(exitCode === undefined ? {} : { exitCode }),
    details: { ...failure },
  });
}

/** True for what the native side sends as an error. */
export function isNativeFailure(value: unknown): value is NativeFailure {
  return typeof value === 'object' && value !== null && 'op' in value && 'message' in value;
}
