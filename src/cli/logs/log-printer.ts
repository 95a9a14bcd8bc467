import type { LogEntry } from '../../engine/index.ts';
import type { Host, OutputStream } from '../host.ts';
import type { Paint } from '../text/paint.ts';
import { safeLine } from './log-line.ts';

/** How log lines look. */
export interface LogPrinterOptions {
  readonly host: Pick<Host, 'stdout' | 'stderr'>;
  readonly paint: Paint;
  /** False: the container's bytes as they are. */
  readonly prefix: boolean;
  readonly timestamps: boolean;
  /** Standard error's lines go to standard error (`up`); else all go to standard output (`logs`). */
  readonly splitStreams: boolean;
}

/** Longest piece of an unfinished line that is kept back; a longer one is printed in parts. */
const longestPiece = 64 * 1024;

/** The bytes of lines, each with its end. */
export function joinLines(entries: readonly LogEntry[]): Buffer {
  const bytes = Buffer.allocUnsafe(entries.reduce((sum, { line }) => sum + line.length + 1, 0));
  let at = 0;
  for (const { line } of entries) {
    bytes.set(line, at);
    at += line.length;
    bytes[at++] = 0x0a;
  }
  return bytes;
}

/** Prints entries of many containers, a line at a time, each behind its container's name. */
export class LogPrinter {
  readonly #options: LogPrinterOptions;
  readonly #colours: readonly ((text: string) => string)[];
  readonly #colourOf = new Map<string, (text: string) => string>();
  readonly #pieces = new Map<string, Buffer[]>();
  #width = 0;

  constructor(options: LogPrinterOptions) {
    this.#options = options;
    const { paint } = options;
    this.#colours = [
      paint.cyan,
      paint.yellow,
      paint.green,
      paint.magenta,
      paint.blue,
      paint.cyanBright,
      paint.yellowBright,
      paint.greenBright,
      paint.magentaBright,
      paint.blueBright,
    ];
  }

  /** Makes room for a name before its first line, so that the columns of all lines agree. */
  register(name: string): void {
    this.#width = Math.max(this.#width, name.length);
  }

  /** Many entries with one write, where they are ordinary lines. */
  printAll(name: string, service: string, entries: readonly LogEntry[]): void {
    const { timestamps, splitStreams } = this.#options;
    const isPlain =
      entries.length > 1 &&
      !timestamps &&
      !(splitStreams && entries.some(({ stream }) => stream === 'stderr')) &&
      this.#pieces.size === 0 &&
      !entries.some(({ partial }) => partial);
    const bytes = isPlain ? joinLines(entries) : Buffer.alloc(0);
    if (!isPlain) {
      for (const entry of entries) this.print(name, service, entry);
    } else if (this.#options.prefix) {
      const prefix = this.#prefix(name, service);
      const lines = bytes.toString('utf8', 0, bytes.length - 1);
      const safe = lines.split('\n').map(safeLine);
      this.#options.host.stdout.write(`${prefix}${safe.join(`\n${prefix}`)}\n`);
    } else {
      this.#options.host.stdout.write(bytes);
    }
  }

  print(name: string, service: string, entry: LogEntry): void {
    const pieces = this.#pieces.get(`${name} ${entry.stream}`) ?? [];
    pieces.push(Buffer.from(entry.line));
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (entry.partial && length < longestPiece) {
      this.#pieces.set(`${name} ${entry.stream}`, pieces);
      return;
    }
    this.#pieces.delete(`${name} ${entry.stream}`);
    const stream = this.#streamFor(entry);
    const time = this.#options.timestamps ? `${entry.time} ` : '';
    if (!this.#options.prefix) {
      stream.write(Buffer.concat([Buffer.from(time), ...pieces, Buffer.from('\n')]));
      return;
    }
    const text = safeLine(Buffer.concat(pieces).toString('utf8'));
    stream.write(`${this.#prefix(name, service)}${time}${text}\n`);
  }

  /** A line of our own among the containers': `web-1 exited with code 3`. */
  notice(text: string): void {
    this.#options.host.stdout.write(`${text}\n`);
  }

  #streamFor(entry: LogEntry): OutputStream {
    const { stdout, stderr } = this.#options.host;
    return this.#options.splitStreams && entry.stream === 'stderr' ? stderr : stdout;
  }

  #prefix(name: string, service: string): string {
    let colour = this.#colourOf.get(service);
    if (colour === undefined) {
      const index = this.#colourOf.size % this.#colours.length;
      colour = this.#colours[index] ?? ((text: string) => text);
      this.#colourOf.set(service, colour);
    }
    return colour(`${name.padEnd(this.#width)}  | `);
  }
}
