import { type LogFile, logFileSize, readAt } from './log-files.ts';
import { isPartial, prefixLength } from './log-line.ts';

const blockSize = 256 * 1024;
const newline = 0x0a;

/** Where to begin in a log's pieces. */
export interface LogStart {
  /** Index into the pieces, oldest first. */
  readonly index: number;
  readonly offset: number;
}

/**
 * Where the last `count` lines begin, found from the end: what stands before is not read. Pieces of one long line
 * count as one.
 */
export function tailStart(files: readonly LogFile[], count: number): LogStart {
  const last = Math.max(files.length - 1, 0);
  if (count <= 0) {
    const file = files[last];
    return { index: last, offset: file === undefined ? 0 : logFileSize(file) };
  }
  let left = count;
  for (let index = last; index >= 0; index--) {
    const file = files[index];
    if (file === undefined) break;
    const found = searchBack(file, left);
    if (found.offset !== undefined) return { index, offset: found.offset };
    left -= found.lines;
  }
  return { index: 0, offset: 0 };
}

/** The offset at which the last `count` whole lines of `file` begin; else the number of lines that it has. */
function searchBack(file: LogFile, count: number): { offset?: number; lines: number } {
  const size = logFileSize(file);
  let lines = 0;
  /** Beginning of the earliest line that was counted. */
  let begin: number | undefined;
  /** A line may begin in one block and have its head in the next: the overlap holds a whole head. */
  const buffer = Buffer.allocUnsafe(blockSize + prefixLength);
  for (let top = size; top > 0; top -= blockSize) {
    const bottom = Math.max(top - blockSize, 0);
    const read = readAt(file, buffer, bottom);
    // Positions of line beginnings in this block, from its end: behind a newline, and the file's own beginning.
    let at = Math.min(top - bottom, read) - 1;
    while (at >= -1) {
      const before = at < 0 ? -1 : buffer.lastIndexOf(newline, at);
      if (before === -1 && bottom > 0) break;
      const start = before + 1;
      if (bottom + start < size) {
        if (!isPartial(buffer, start)) {
          if (lines === count) return { offset: begin ?? size, lines };
          lines += 1;
        }
        begin = bottom + start;
      }
      if (before === -1) break;
      at = before - 1;
      if (before === 0 && bottom === 0) at = -1;
    }
  }
  return lines >= count && begin !== undefined ? { offset: begin, lines } : { lines };
}
