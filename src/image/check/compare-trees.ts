import {
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
} from 'node:fs';
import { join } from 'node:path';

const chunkBytes = 1 << 20;

/**
 * Where two trees differ first: names, kinds, owners, modes, link targets, devices and contents. Times and extended
 * attributes are not looked at, links are not followed.
 * @returns what differs, with its path below the trees; undefined where nothing does.
 */
export function firstDifference(wanted: string, found: string): string | undefined {
  const buffers = [Buffer.allocUnsafe(chunkBytes), Buffer.allocUnsafe(chunkBytes)] as const;
  const below = (path: string): string | undefined => {
    const [a, b] = [join(wanted, path), join(found, path)];
    const stat = lstatSync(a);
    const other = lstatSync(b, { throwIfNoEntry: false });
    if (other === undefined) return `${path || '/'} is missing`;
    const different = differentStat(stat, other);
    if (different !== undefined) return `${path || '/'} has another ${different}`;
    if (stat.isSymbolicLink()) {
      return readlinkSync(a) === readlinkSync(b) ? undefined : `${path} leads elsewhere`;
    }
    if (stat.isFile()) return sameContent(a, b, buffers) ? undefined : `${path} has other content`;
    if (!stat.isDirectory()) return undefined;
    const names = readdirSync(a).sort();
    const extra = readdirSync(b).find((name) => !names.includes(name));
    if (extra !== undefined) return `${join(path, extra)} does not belong there`;
    for (const name of names) {
      const difference = below(join(path, name));
      if (difference !== undefined) return difference;
    }
    return undefined;
  };
  return below('');
}

function differentStat(a: Stats, b: Stats): string | undefined {
  if ((a.mode & 0o170000) !== (b.mode & 0o170000)) return 'type';
  if (!a.isSymbolicLink() && a.mode !== b.mode) return 'mode';
  if (a.uid !== b.uid || a.gid !== b.gid) return 'owner';
  if (a.isFile() && a.size !== b.size) return 'size';
  if ((a.isCharacterDevice() || a.isBlockDevice()) && a.rdev !== b.rdev) return 'device';
  return undefined;
}

function sameContent(one: string, two: string, buffers: readonly [Buffer, Buffer]): boolean {
  const first = openSync(one, 'r');
  try {
    const second = openSync(two, 'r');
    try {
      for (;;) {
        const count = readSync(first, buffers[0], 0, chunkBytes, null);
        if (count !== readSync(second, buffers[1], 0, chunkBytes, null)) return false;
        if (buffers[0].compare(buffers[1], 0, count, 0, count) !== 0) return false;
        if (count === 0) return true;
      }
    } finally {
      closeSync(second);
    }
  } finally {
    closeSync(first);
  }
}
