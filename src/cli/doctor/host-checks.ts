import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import { release } from 'node:os';
import { dirname } from 'node:path';
import { type Check, check } from './check.ts';

/** Capabilities without which no container starts, by their number in capabilities(7). */
const capabilities: Readonly<Record<string, number>> = {
  CHOWN: 0,
  DAC_OVERRIDE: 1,
  FOWNER: 3,
  KILL: 5,
  SETGID: 6,
  SETUID: 7,
  SETPCAP: 8,
  NET_ADMIN: 12,
  SYS_CHROOT: 18,
  SYS_PTRACE: 19,
  SYS_ADMIN: 21,
  MKNOD: 27,
};

/** Root, and with root's rights: inside another container it often has but a few. */
export function userCheck(uid: number): Check {
  if (uid !== 0) {
    return check('user', false, { found: `user id ${uid}`, fix: 'Run it with sudo.' });
  }
  const [, bits = '0'] =
    /^CapEff:\s+([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  const effective = BigInt(`0x${bits}`);
  const missing = Object.entries(capabilities).flatMap(([name, bit]) =>
    (effective >> BigInt(bit)) & 1n ? [] : [name],
  );
  return check('user', missing.length === 0, {
    found: missing.length === 0 ? 'root' : `root without ${missing.join(', ')}`,
    fix: 'Run it as root of the machine, or in a container that is privileged.',
  });
}

/** mount_setattr is of 5.12. */
const oldestKernel = [5, 12] as const;

export function kernelCheck(): Check {
  const [major = 0, minor = 0] = release()
    .split('.')
    .map((part) => Number.parseInt(part, 10));
  const isNewEnough =
    major > oldestKernel[0] || (major === oldestKernel[0] && minor >= oldestKernel[1]);
  return check('kernel', isNewEnough, {
    found: `Linux ${release()}`,
    fix: `Use Linux ${oldestKernel.join('.')} or newer.`,
  });
}

/** Less is full before long. */
const lowBytes = 1024 ** 3;
const noBytes = 16 * 1024 ** 2;

/** One of our folders, or where it will be made: can it be written, and is there room? */
export function folderCheck(name: string, path: string, variable: string): Check {
  let place = path;
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  const fix = `Set ${variable} to a folder that you can write.`;
  try {
    accessSync(place, constants.W_OK);
  } catch (error) {
    const isReadOnly = (error as NodeJS.ErrnoException).code === 'EROFS';
    const found = `${path} (${isReadOnly ? 'read-only file system' : 'cannot be written'})`;
    return check(name, false, { found, fix });
  }
  const { bavail, bsize, files, ffree } = statfsSync(place);
  const free = bavail * bsize;
  const isFull = free < noBytes || (files > 0 && ffree < 100);
  // A tmpfs of /run is small and stays so.
  const isLow = free < lowBytes && variable === 'CORACLE_DATA';
  return check(name, !isFull && !isLow, {
    found: `${path} (${Math.floor(free / 1024 ** 2)} MB free)`,
    fix: 'Free space (`coracle system prune` removes what is not used), or move it to a larger disk.',
    otherwise: isFull ? 'fail' : 'warn',
  });
}

/** A stack of some dozen services needs about a hundred descriptors in one process. */
const fewFiles = 256;
/** Folders that `watch` can hold at a time. */
const fewWatches = 65_536;

export function limitChecks(): Check[] {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const files = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  const watches = Number(readFileSync('/proc/sys/fs/inotify/max_user_watches', 'utf8'));
  return [
    check('open files', files >= fewFiles, {
      found: `${files} a process`,
      fix: 'Raise the limit of the shell: ulimit -n 1024.',
      otherwise: files < 64 ? 'fail' : 'warn',
    }),
    check('inotify watches', watches >= fewWatches, {
      found: `${watches} a user`,
      fix: 'For `watch` on large trees: sysctl fs.inotify.max_user_watches=524288.',
      otherwise: 'warn',
    }),
  ];
}
