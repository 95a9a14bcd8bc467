import type { ProgressEvent } from '../../compose/execute/index.ts';
import type { OutputStream } from '../host.ts';
import { formatBytes } from '../text/format-bytes.ts';
import type { Paint } from '../text/paint.ts';
import { stripControls } from '../text/strip-controls.ts';
import { truncateText } from '../text/truncate.ts';
import type { ProgressRenderer } from './renderer.ts';

/** What a resource's line shows. */
interface Line {
  readonly label: string;
  event: ProgressEvent;
  startedMs: number;
}

/** What the live display depends on. */
export interface TtyOptions {
  readonly stream: OutputStream;
  readonly paint: Paint;
  readonly monotonicMs: () => number;
  /** Terminal height in rows; lines above it could not be redrawn. */
  readonly rows: () => number;
  /** Calls back every `ms` until the returned function is called. */
  readonly every: (ms: number, callback: () => void) => () => void;
}

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const redrawMs = 100;

/**
 * One live line a resource with its elapsed time, redrawn in place, and a headline that counts. Only whole
 * frames are written, so nothing flickers; the last frame stays.
 */
export class TtyRenderer implements ProgressRenderer {
  readonly #options: TtyOptions;
  readonly #lines = new Map<string, Line>();
  readonly #startedMs: number;
  readonly #stop: () => void;
  #drawn = 0;
  #frame = 0;

  constructor(options: TtyOptions) {
    this.#options = options;
    this.#startedMs = options.monotonicMs();
    options.stream.write('\u001b[?25l');
    this.#stop = options.every(redrawMs, () => this.#draw());
  }

  event(event: ProgressEvent): void {
    const label = stripControls(`${event.resource.kind} ${event.resource.name}`);
    const line = this.#lines.get(label);
    if (line === undefined) {
      this.#lines.set(label, { label, event, startedMs: event.atMs });
    } else {
      if (line.event.state !== 'working' && event.state === 'working') line.startedMs = event.atMs;
      line.event = event;
    }
  }

  close(): void {
    this.#stop();
    if (this.#lines.size > 0) this.#draw(true);
    this.#options.stream.write('\u001b[?25h');
  }

  #draw(final = false): void {
    if (this.#lines.size === 0) return;
    const { stream, paint } = this.#options;
    const lines = [...this.#lines.values()];
    const ended = lines.filter(({ event }) => event.state !== 'working').length;
    const headline = `[+] Running ${ended}/${lines.length}`;
    const room = final ? lines.length : Math.max(1, this.#options.rows() - 2);
    // Where not all fit, what still works matters more than what is done.
    const shown =
      lines.length <= room
        ? lines
        : [...lines]
            .sort(
              (a, b) => Number(b.event.state === 'working') - Number(a.event.state === 'working'),
            )
            .slice(0, room);
    const width = Math.max(...shown.map(({ label }) => label.length));
    const rows = [
      ended === lines.length ? paint.blue(headline) : headline,
      ...shown.map((line) => this.#row(line, width)),
    ];
    const back = this.#drawn === 0 ? '' : `\u001b[${this.#drawn}F`;
    stream.write(`${back}${rows.map((row) => `\u001b[2K${row}\n`).join('')}\u001b[J`);
    this.#drawn = rows.length;
    this.#frame += 1;
  }

  #row({ label, event, startedMs }: Line, width: number): string {
    const { paint, stream, monotonicMs } = this.#options;
    const nowMs = monotonicMs() - this.#startedMs;
    const elapsed = ((event.state === 'working' ? nowMs : event.atMs) - startedMs) / 1000;
    const time = `${Math.max(0, elapsed).toFixed(1)}s`;
    const moved =
      event.bytes === undefined
        ? ''
        : ` ${formatBytes(event.bytes.current)}/${formatBytes(event.bytes.total)}`;
    const text = truncateText(
      `${label.padEnd(width)}  ${event.text}${moved}`,
      stream.columns - time.length - 5,
    );
    const gap = ' '.repeat(Math.max(1, stream.columns - text.length - time.length - 4));
    const mark = {
      working: paint.cyan(spinner[this.#frame % spinner.length] ?? ''),
      done: paint.green('✔'),
      warning: paint.yellow('!'),
      error: paint.red('✘'),
      skipped: '-',
    }[event.state];
    const body = event.state === 'error' ? paint.red(text) : text;
    return ` ${mark} ${body}${gap}${paint.blue(time)}`;
  }
}
