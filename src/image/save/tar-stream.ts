import { createReadStream } from 'node:fs';

/** One regular file of an archive: in memory, or on disk. */
export type TarFile =
  | { readonly name: string; readonly content: string }
  | { readonly name: string; readonly path: string; readonly size: number };

const blockBytes = 512;
const longestName = 100;
/** The most that eleven octal digits hold; beyond, GNU's binary form is used. */
const mostOctal = 0o77777777777;

/** A ustar archive of regular files, as its bytes come; names are short and ours. */
export async function* tarStream(
  files: Iterable<TarFile>,
  mtimeS: number,
): AsyncGenerator<Uint8Array> {
  for (const file of files) {
    const content = 'content' in file ? Buffer.from(file.content) : undefined;
    const size = 'size' in file ? file.size : (content?.length ?? 0);
    yield header(file.name, size, mtimeS);
    if (content !== undefined) yield content;
    else if ('path' in file) yield* createReadStream(file.path, { highWaterMark: 1024 * 1024 });
    const rest = size % blockBytes;
    if (rest > 0) yield Buffer.alloc(blockBytes - rest);
  }
  yield Buffer.alloc(2 * blockBytes);
}

function header(name: string, size: number, mtimeS: number): Buffer {
  if (name.length > longestName) throw new Error(`name too long for an archive: ${name}`);
  const block = Buffer.alloc(blockBytes);
  block.write(name, 0, 'utf8');
  block.write('0000644\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  writeSize(block, size);
  block.write(`${mtimeS.toString(8).padStart(11, '0')}\0`, 136);
  block.write('        ', 148);
  block.write('0', 156);
  block.write('ustar\0', 257);
  block.write('00', 263);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function writeSize(block: Buffer, size: number): void {
  if (size <= mostOctal) {
    block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
    return;
  }
  block[124] = 0x80;
  block.writeBigUInt64BE(BigInt(size), 128);
}
