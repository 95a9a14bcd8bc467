import { closeSync } from 'node:fs';
import { type LogFile, openLogFile, openLogFiles, openSuccessor, readAt } from './log-files.ts';
import { eachLine, type LogLine } from './log-line.ts';
import { tailStart } from './log-tail.ts';
import { logTime } from './log-time.ts';
import { LogWake } from './log-wake.ts';

const chunkSize = 256 * 1024;

/** What to read of a log. */
export interface ReadLogOptions {
  /** Number of last lines, or all. */
  readonly tail?: number | 'all';
  /** RFC 3339; inclusive. */
  readonly since?: string;
  /** RFC 3339; exclusive. */
  readonly until?: string;
  /** Goes on at the end until the container has ended for good. */
  readonly follow?: {
    /** `<run>/containers/<id>`: a change in it is a reason to ask again. */
    readonly runFolder: string;
    /** True once nothing will be written any more: the container has exited, or is gone. */
    hasEnded(): boolean;
  };
  readonly signal?: AbortSignal;
}

/** A container's log, line by line; {@link readLogBatches} is the faster way for much of it. */
export async function* readLog(
  path: string,
  options: ReadLogOptions = {},
): AsyncGenerator<LogLine> {
  for await (const lines of readLogBatches(path, options)) yield* lines;
}

/**
 * A container's log in batches as they were read, across its rotated files and, with `follow`, across rotations to
 * come. A log that does not exist is empty, or waited for.
 * @param path `<data>/containers/<id>/log`.
 * @throws {AppError} `RUNTIME_SPEC_INVALID` for a bound that is no time.
 */
export async function* readLogBatches(
  path: string,
  options: ReadLogOptions = {},
): AsyncGenerator<LogLine[]> {
  const { follow, signal } = options;
  const since = options.since === undefined ? undefined : logTime(options.since);
  const until = options.until === undefined ? undefined : logTime(options.until);
  const isWanted = ({ time }: LogLine) =>
    (since === undefined || time >= since) && (until === undefined || time < until);
  // Watched before the first read: nothing can happen unseen in between.
  const wake = follow === undefined ? undefined : new LogWake(path, follow.runFolder, signal);
  const reader = new LogReader(path, options.tail);
  try {
    for (;;) {
      // Asked before reading: what was written before the end is then read for certain.
      const ended = follow === undefined || follow.hasEnded();
      for (let lines = reader.read(); lines !== undefined; lines = reader.read()) {
        if (signal?.aborted) return;
        const wanted = since === undefined && until === undefined ? lines : lines.filter(isWanted);
        if (wanted.length > 0) yield wanted;
        if (until !== undefined && (lines.at(-1)?.time ?? '') >= until) return;
      }
      if (ended || wake === undefined || signal?.aborted) return;
      await wake.wait();
    }
  } finally {
    wake?.close();
    reader.close();
  }
}

/** Where the reading of a log's series of files stands. */
class LogReader {
  readonly #path: string;
  /** Still to be read after the current one, oldest first. */
  #waiting: LogFile[];
  #file: LogFile | undefined;
  #position = 0;
  /** The beginning of a line whose end is not written yet, or not read. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(path: string, tail: number | 'all' | undefined) {
    this.#path = path;
    this.#waiting = openLogFiles(path);
    if (typeof tail === 'number') {
      const start = tailStart(this.#waiting, tail);
      for (const file of this.#waiting.splice(0, start.index)) closeSync(file.fd);
      this.#position = start.offset;
    }
    this.#file = this.#waiting.shift();
  }

  /** The next lines; undefined where there are none now. An empty list is no end. */
  read(): LogLine[] | undefined {
    this.#file ??= openLogFile(this.#path, 0);
    while (this.#file !== undefined) {
      const chunk = Buffer.allocUnsafe(this.#rest.length + chunkSize);
      this.#rest.copy(chunk);
      const length = readAt(this.#file, chunk.subarray(this.#rest.length), this.#position);
      if (length > 0) {
        this.#position += length;
        return this.#take(chunk.subarray(0, this.#rest.length + length));
      }
      const next = this.#waiting.shift() ?? openSuccessor(this.#path, this.#file);
      // Written between the last read and the rotation: the file is looked at once more before it is left.
      if (next === undefined || readAt(this.#file, chunk, this.#position) > 0) {
        if (next === undefined) return undefined;
        this.#waiting.unshift(next);
        continue;
      }
      closeSync(this.#file.fd);
      this.#file = next;
      this.#position = 0;
      this.#rest = Buffer.alloc(0);
    }
    return undefined;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file.fd);
    for (const file of this.#waiting) closeSync(file.fd);
    this.#file = undefined;
    this.#waiting = [];
  }

  #take(chunk: Buffer): LogLine[] {
    const lines: LogLine[] = [];
    const rest = eachLine(chunk, (line) => lines.push(line));
    this.#rest = Buffer.from(chunk.subarray(rest));
    return lines;
  }
}
