import type { BuildEvent } from '../../build/index.ts';
import type { OutputStream } from '../host.ts';
import type { Paint } from '../text/paint.ts';
import { stripControls } from '../text/strip-controls.ts';
import { truncateText } from '../text/truncate.ts';
import { type BuildRenderer, vertexName } from './build-progress.ts';

interface Line {
  readonly name: string;
  state: 'working' | Exclude<BuildEvent['kind'], 'started' | 'output'>;
  startedMs: number;
  endedMs: number;
  output: string;
}

/** What the live display depends on. */
export interface TtyBuildOptions {
  readonly stream: OutputStream;
  readonly paint: Paint;
  readonly monotonicMs: () => number;
  /** Terminal height in rows. */
  readonly rows: () => number;
  /** Calls back every `ms` until the returned function is called. */
  readonly every: (ms: number, callback: () => void) => () => void;
}

const redrawMs = 100;
/** Lines of output that a step under way shows. */
const shownOutput = 6;

/** BuildKit's live display: a headline that counts, a line a step, and the last lines of what runs. */
export class TtyBuildRenderer implements BuildRenderer {
  readonly #options: TtyBuildOptions;
  readonly #lines = new Map<string, Line>();
  readonly #startedMs: number;
  readonly #stop: () => void;
  #drawn = 0;

  constructor(options: TtyBuildOptions) {
    this.#options = options;
    this.#startedMs = options.monotonicMs();
    options.stream.write('\u001b[?25l');
    this.#stop = options.every(redrawMs, () => this.#draw(false));
  }

  event(target: string | undefined, event: BuildEvent): void {
    const nowMs = this.#options.monotonicMs() - this.#startedMs;
    const key = `${target ?? ''} ${event.vertex.id}`;
    const line = this.#lines.get(key) ?? {
      name: vertexName(target, event.vertex),
      state: 'working',
      startedMs: nowMs,
      endedMs: nowMs,
      output: '',
    };
    this.#lines.set(key, line);
    if (event.kind === 'output') line.output = (line.output + event.text).slice(-8192);
    else if (event.kind !== 'started') {
      line.state = event.kind;
      line.endedMs = nowMs;
    }
  }

  close(): void {
    this.#stop();
    if (this.#lines.size > 0) this.#draw(true);
    this.#options.stream.write('\u001b[?25h');
  }

  #draw(final: boolean): void {
    const { stream, paint, monotonicMs, rows } = this.#options;
    if (this.#lines.size === 0) return;
    const nowMs = monotonicMs() - this.#startedMs;
    const lines = [...this.#lines.values()];
    const ended = lines.filter(({ state }) => state !== 'working').length;
    const title = `[+] Building ${(nowMs / 1000).toFixed(1)}s (${ended}/${lines.length})${final && ended === lines.length ? ' FINISHED' : ''}`;
    const body = lines.flatMap((line) => this.#rows(line, nowMs));
    const room = final ? body.length : Math.max(1, rows() - 2);
    const shown = [paint.blue(title), ...body.slice(-room)];
    const back = this.#drawn === 0 ? '' : `\u001b[${this.#drawn}F`;
    stream.write(`${back}${shown.map((row) => `\u001b[2K${row}\n`).join('')}\u001b[J`);
    this.#drawn = shown.length;
  }

  #rows(line: Line, nowMs: number): string[] {
    const { paint, stream } = this.#options;
    const elapsed = (line.state === 'working' ? nowMs : line.endedMs) - line.startedMs;
    const time = `${(Math.max(0, elapsed) / 1000).toFixed(1)}s`;
    const mark = {
      cached: 'CACHED ',
      failed: 'ERROR ',
      canceled: 'CANCELED ',
      done: '',
      working: '',
    }[line.state];
    const text = truncateText(`=> ${mark}${line.name}`, stream.columns - time.length - 3);
    const gap = ' '.repeat(Math.max(1, stream.columns - text.length - time.length - 2));
    const head = ` ${text}${gap}${time}`;
    const painted =
      line.state === 'failed'
        ? paint.red(head)
        : line.state === 'working'
          ? head
          : paint.blue(head);
    if (line.state !== 'working') return [painted];
    const output = line.output
      .split('\n')
      .map((one) => stripControls(one.split('\r').at(-1) ?? ''))
      .filter((one) => one !== '')
      .slice(-shownOutput)
      .map((one) => paint.dim(truncateText(` => => # ${one}`, stream.columns - 1)));
    return [painted, ...output];
  }
}
