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
  ['ENOENT', /^connect$/, 'NATIVE_NOT_RUNNING'],
  [
    'EPERM',
    null,
    'NATIVE_FAILED',
    'run as root; inside another container, it must be allowed to mount and to make namespaces',
  ],
  [
    'EACCES',
    null,
    'NATIVE_FAILED',
    'run as root, and check the permissions of the path named above',
  ],
  [
    'ENOSPC',
    null,
    'NATIVE_FAILED',
    'free space, or inodes, on the file system that holds the path',
  ],
  [
    'EBUSY',
    null,
    'NATIVE_FAILED',
    'something still uses the path named above; stop it, then try again',
  ],
  [
    'EMFILE',
    null,
    'NATIVE_FAILED',
    'raise the limit of open files (ulimit -n) of the shell that starts this command',
  ],
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
