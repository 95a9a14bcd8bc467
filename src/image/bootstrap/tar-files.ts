import { readFileSync, statSync } from 'node:fs';
import { AppError } from '../../core/index.ts';
import { isErrno } from '../../state/index.ts';

/** A file of the host that goes into an image. */
export interface CopiedFile {
  /** Absolute path on the host. */
  readonly from: string;
  /** Absolute path in the image. */
  readonly to: string;
}

/**
 * Archive of single files, owned by root, with the mode that they have on the host; one archive for equal
 * contents, whatever their times. Folders on the way are those of the layer below.
 * @param epoch  seconds since 1970, the files' time
 * @throws {AppError} `IMAGE_ARCHIVE_UNREADABLE`
 */
export function tarFiles(files: readonly CopiedFile[], epoch: number): Buffer {
  const blocks = files.flatMap(({ from, to }) => {
    const { content, mode } = readSource(from);
    const name = to.replace(/^\/+/, '');
    const header = ustarHeader({ name: '', size: content.length, mode, epoch, type: '0' });
    // A pax record carries any name; the header's own field would end at 100 bytes.
    const record = Buffer.from(paxRecord('path', name));
    const pax = ustarHeader({ name: 'pax', size: record.length, mode: 0o644, epoch, type: 'x' });
    return [pax, record, padding(record.length), header, content, padding(content.length)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

function readSource(from: string): { content: Buffer; mode: number } {
  try {
    const stat = statSync(from);
    if (!stat.isFile())
      throw new AppError('IMAGE_ARCHIVE_UNREADABLE', `${from}: not a regular file`);
    return { content: readFileSync(from), mode: stat.mode & 0o7777 };
  } catch (cause) {
    if (!isErrno(cause, 'ENOENT')) throw cause;
    throw new AppError('IMAGE_ARCHIVE_UNREADABLE', `file to copy ${from}: no such file`, { cause });
  }
}

interface Header {
  readonly name: string;
  readonly size: number;
  readonly mode: number;
  readonly epoch: number;
  readonly type: string;
}

/** POSIX.1-1988 header block, owner root. */
function ustarHeader({ name, size, mode, epoch, type }: Header): Buffer {
  const block = Buffer.alloc(512);
  const octal = (value: number, at: number, width: number) =>
    block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at, 'latin1');
  block.write(name, 0, 'utf8');
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(epoch, 136, 12);
  block.fill(' ', 148, 156);
  block.write(type, 156, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** `LENGTH KEY=VALUE\n`, where LENGTH counts its own digits too. */
function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (String(length).length > String(rest).length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

function padding(size: number): Buffer {
  return Buffer.alloc((512 - (size % 512)) % 512);
}
