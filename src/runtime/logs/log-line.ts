/** One line of a CRI log, as the shim wrote it. Structurally the engine's `LogEntry`. */
export interface LogLine {
  readonly stream: 'stdout' | 'stderr';
  /** RFC 3339 in UTC, nine digits of fraction: two of them compare as text. */
  readonly time: string;
  /** Without the line end. A view into the buffer that was read; copy it to keep it for long. */
  readonly line: Uint8Array;
  /** A piece of a longer line that goes on in the next entry of the stream. */
  readonly partial: boolean;
}

/** `2026-11-23T12:00:00.123456789Z stdout F ` has one length whatever its parts. */
export const prefixLength = 40;
const timeLength = 30;
const streamAt = timeLength + 1;
const tagAt = 38;
const newline = 0x0a;
const letterP = 0x50;
/** `stdOut` and `stdErr` differ from their fourth letter on. */
const letterE = 0x65;

/** True where the line that begins at `start` is a piece of a longer one. */
export function isPartial(chunk: Buffer, start: number): boolean {
  return chunk[start + tagAt] === letterP;
}

/**
 * Cuts whole lines out of `chunk` and hands them on; returns the offset of the rest, which has no line end yet.
 * Lines that are no log lines (a file edited by hand) are passed over.
 */
export function eachLine(chunk: Buffer, take: (line: LogLine) => void): number {
  let start = 0;
  // Lines of one batch carry the same time: it is decoded once for all of them.
  let timeStart = -1;
  let time = '';
  for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
    if (end - start >= prefixLength) {
      if (timeStart < 0 || !sameTime(chunk, timeStart, start)) {
        time = chunk.toString('latin1', start, start + timeLength);
        timeStart = start;
      }
      take({
        stream: chunk[start + streamAt + 3] === letterE ? 'stderr' : 'stdout',
        time,
        line: chunk.subarray(start + prefixLength, end),
        partial: chunk[start + tagAt] === letterP,
      });
    }
    start = end + 1;
  }
  return start;
}

/** Compares from the end, where two times differ first. */
function sameTime(chunk: Buffer, a: number, b: number): boolean {
  for (let i = timeLength - 1; i >= 0; i--) if (chunk[a + i] !== chunk[b + i]) return false;
  return true;
}
