/**
 * Archives as no honest tool writes them: every field is what the test says, so names may climb, links may point
 * anywhere and sizes may lie.
 */

export interface TarEntry {
  readonly name: string;
  /** ustar's type flag: `0` file (the default), `1` hard link, `2` symbolic link, `3` character device, `5` folder, … */
  readonly type?: string;
  readonly content?: string | Buffer;
  readonly link?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  readonly major?: number;
  readonly minor?: number;
  /** Size field, where it is to differ from the content's. */
  readonly size?: number;
  /** pax records of this entry. */
  readonly pax?: Readonly<Record<string, string | Buffer>>;
}

/** An archive with its two closing blocks. */
export function tarOf(...entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(entryBlocks), Buffer.alloc(1024)]);
}

/** One entry without the closing blocks. */
export function entryBlocks(entry: TarEntry): Buffer[] {
  const blocks: Buffer[] = [];
  const pax = Object.entries(entry.pax ?? {});
  if (pax.length > 0) {
    const records = Buffer.concat(pax.map(([key, value]) => paxRecord(key, value)));
    blocks.push(headerBlock({ name: 'pax', type: 'x' }, records.length), records, padding(records));
  }
  const content = Buffer.from(entry.content ?? '');
  blocks.push(headerBlock(entry, entry.size ?? content.length), content, padding(content));
  return blocks;
}

/** A `K` or `L` entry of GNU tar: the long name of the one that follows. */
export function gnuLong(type: 'K' | 'L', text: string): Buffer[] {
  return entryBlocks({ name: '././@LongLink', type, content: `${text}\0` });
}

function headerBlock(entry: TarEntry, size: number): Buffer {
  const block = Buffer.alloc(512);
  const octal = (value: number, at: number, width: number) =>
    block.write(value.toString(8).padStart(width - 1, '0'), at, 'latin1');
  block.write(entry.name, 0, 100, 'utf8');
  octal(entry.mode ?? 0o644, 100, 8);
  octal(entry.uid ?? 0, 108, 8);
  octal(entry.gid ?? 0, 116, 8);
  octal(size, 124, 12);
  octal(entry.mtime ?? 1_600_000_000, 136, 12);
  block.write(entry.type ?? '0', 156, 'latin1');
  block.write(entry.link ?? '', 157, 100, 'utf8');
  block.write('ustar\x0000', 257, 'latin1');
  octal(entry.major ?? 0, 329, 8);
  octal(entry.minor ?? 0, 337, 8);
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function paxRecord(key: string, value: string | Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
  let length = body.length + 1;
  while (String(length).length + body.length !== length) length += 1;
  return Buffer.concat([Buffer.from(String(length)), body]);
}

function padding(content: Buffer): Buffer {
  return Buffer.alloc((512 - (content.length % 512)) % 512);
}
