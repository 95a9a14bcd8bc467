import { readSync } from 'node:fs';
import { gunzipSync, inflateRawSync } from 'node:zlib';
import { AppError } from '../../core/index.ts';

/** One gzip member of a compressed piece of a log: whole lines, at most a mebibyte (native/src/log_compress.h). */
interface Member {
  /** In the file. */
  readonly offset: number;
  readonly size: number;
  /** In the unpacked log. */
  readonly begin: number;
  readonly length: number;
}

const headSize = 32;
const tailSize = 8;
/** The shim writes no more than a mebibyte into one. */
const longestMember = 2 ** 20;

/** A compressed piece as if it were the plain file: bytes by their position, of which only what is asked for is unpacked. */
export class CompressedLog {
  /** Inode that the piece had while it was plain; undefined for a file that is not the shim's work. */
  readonly plainInode: bigint | undefined;
  readonly length: number;
  readonly #fd: number;
  readonly #members: readonly Member[];
  #unpacked: { readonly member: Member; readonly bytes: Buffer } | undefined;

  /** @throws {AppError} `STATE_RECORD_INVALID` where the file is damaged. */
  constructor(fd: number, size: number, path: string) {
    this.#fd = fd;
    const head = readAll(fd, 0, Math.min(headSize, size));
    if (!isOurs(head)) {
      const bytes = damaged(path, () => gunzipSync(readAll(fd, 0, size)));
      const member = { offset: 0, size, begin: 0, length: bytes.length };
      this.#members = size === 0 ? [] : [member];
      this.#unpacked = { member, bytes };
      this.length = bytes.length;
      return;
    }
    this.plainInode = head.readBigUInt64LE(24);
    this.#members = listMembers(fd, size, path);
    const last = this.#members.at(-1);
    this.length = last === undefined ? 0 : last.begin + last.length;
  }

  /** As `readSync`: fewer bytes than asked for at the end of a member, none at the end of the log. */
  readAt(buffer: Buffer, position: number): number {
    let done = 0;
    while (done < buffer.length) {
      const member = this.#find(position + done);
      if (member === undefined) break;
      const bytes = this.#unpack(member);
      const copied = bytes.copy(buffer, done, position + done - member.begin);
      if (copied === 0) break;
      done += copied;
    }
    return done;
  }

  #find(position: number): Member | undefined {
    let low = 0;
    let high = this.#members.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const member = this.#members[middle] as Member;
      if (position < member.begin) high = middle;
      else if (position >= member.begin + member.length) low = middle + 1;
      else return member;
    }
    return undefined;
  }

  #unpack(member: Member): Buffer {
    if (this.#unpacked?.member === member) return this.#unpacked.bytes;
    const packed = readAll(this.#fd, member.offset + headSize, member.size - headSize - tailSize);
    const bytes = damaged('', () => inflateRawSync(packed, { maxOutputLength: longestMember }));
    this.#unpacked = { member, bytes };
    return bytes;
  }
}

function listMembers(fd: number, fileSize: number, path: string): Member[] {
  const members: Member[] = [];
  let begin = 0;
  for (let offset = 0; offset < fileSize; ) {
    const head = readAll(fd, offset, headSize);
    const size = isOurs(head) ? head.readUInt32LE(16) : 0;
    const length = size === 0 ? 0 : head.readUInt32LE(20);
    if (size <= headSize + tailSize || offset + size > fileSize || length > longestMember) {
      throw damage(path, `no member at byte ${offset}`);
    }
    members.push({ offset, size, begin, length });
    offset += size;
    begin += length;
  }
  return members;
}

/** gzip with one extra field, `CL` of 16 bytes. */
function isOurs(head: Buffer): boolean {
  return (
    head.length === headSize &&
    head.readUInt32LE(0) === 0x04088b1f &&
    head.readUInt16LE(10) === 20 &&
    head.toString('latin1', 12, 14) === 'CL' &&
    head.readUInt16LE(14) === 16
  );
}

function readAll(fd: number, offset: number, size: number): Buffer {
  const buffer = Buffer.allocUnsafe(size);
  let done = 0;
  while (done < size) {
    const read = readSync(fd, buffer, done, size - done, offset + done);
    if (read === 0) break;
    done += read;
  }
  return buffer.subarray(0, done);
}

function damaged<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw damage(path, (cause as Error).message, cause);
  }
}

function damage(path: string, why: string, cause?: unknown): AppError {
  return new AppError('STATE_RECORD_INVALID', `compressed log ${path} is damaged: ${why}`, {
    cause,
  });
}
