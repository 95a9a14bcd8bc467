import { closeSync, lstatSync, openSync, readlinkSync, readSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { byteNames, bytePath } from '../byte-path.ts';

const chunkBytes = 1 << 20;

/**
 * Where two trees differ first: names, kinds, owners, modes, link targets, devices and contents. Times and extended
 * attributes are not looked at, links are not followed.
 * @returns what differs, with its path below the trees; undefined where nothing does.
 */
export function firstDifference(wanted: string, found: string): string | undefined {
  const buffers = [Buffer.allocUnsafe(chunkBytes), Buffer.allocUnsafe(chunkBytes)] as const;
  // Names as bytes: what is no UTF-8 would be looked for under another name.
  const below = (a: string | Buffer, b: string | Buffer, path: string): string | undefined => {
    const stat = lstatSync(a);
    const other = lstatSync(b, { throwIfNoEntry: false });
    if (other === undefined) return `${path || '/'} is missing`;
    const different = differentStat(stat, other);
    if (different !== undefined) return `${path || '/'} has another ${different}`;
    if (stat.isSymbolicLink()) {
      const [target, otherTarget] = [a, b].map((link) => readlinkSync(link, 'buffer'));
      return target?.equals(otherTarget ?? Buffer.of()) ? undefined : `${path} leads elsewhere`;
    }
    if (stat.isFile()) return sameContent(a, b, buffers) ? undefined : `${path} has other content`;
    if (!stat.isDirectory()) return undefined;
    const names = byteNames(a).sort(Buffer.compare);
    const known = new Set(names.map((name) => name.toString('latin1')));
    const extra = byteNames(b).find((name) => !known.has(name.toString('latin1')));
    if (extra !== undefined) return `${join(path, extra.toString())} does not belong there`;
    for (const name of names) {
      const difference = below(bytePath(a, name), bytePath(b, name), join(path, name.toString()));
      if (difference !== undefined) return difference;
    }
    return undefined;
  };
  return below(wanted, found, '');
}

function differentStat(a: Stats, b: Stats): string | undefined {
  if ((a.mode & 0o170000) !== (b.mode & 0o170000)) return 'type';
  if (!a.isSymbolicLink() && a.mode !== b.mode) return 'mode';
  if (a.uid !== b.uid || a.gid !== b.gid) return 'owner';
  if (a.isFile() && a.size !== b.size) return 'size';
  if ((a.isCharacterDevice() || a.isBlockDevice()) && a.rdev !== b.rdev) return 'device';
  return undefined;
}

function sameContent(
  one: string | Buffer,
  two: string | Buffer,
  buffers: readonly [Buffer, Buffer],
): boolean {
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
