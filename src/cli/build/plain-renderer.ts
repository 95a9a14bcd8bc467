import type { BuildEvent } from '../../build/index.ts';
import { safeLine } from '../logs/log-line.ts';
import { stripControls } from '../text/strip-controls.ts';
import { type BuildRenderer, vertexName } from './build-progress.ts';

interface Shown {
  readonly number: number;
  readonly name: string;
  startedMs: number;
  isAnnounced: boolean;
  /** The line that is not ended yet. */
  rest: string;
}

/** Lines as BuildKit prints them: `#7 [builder 2/5] RUN npm ci`, `#7 0.213 added 62 packages`, `#7 DONE 4.1s`. */
export class PlainBuildRenderer implements BuildRenderer {
  readonly #write: (text: string) => void;
  readonly #shown = new Map<string, Shown>();
  #last = 0;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  event(target: string | undefined, event: BuildEvent): void {
    const shown = this.#vertex(target, event);
    const mark = `#${shown.number}`;
    switch (event.kind) {
      case 'started':
        shown.startedMs = event.atMs;
        this.#announce(shown);
        return;
      case 'output':
        this.#output(shown, event.text, event.atMs);
        return;
      case 'cached':
        this.#announce(shown);
        this.#line(shown, `${mark} CACHED`);
        return;
      case 'done':
        this.#flush(shown, event.atMs);
        this.#line(shown, `${mark} DONE ${seconds(event.atMs - shown.startedMs)}s`);
        return;
      case 'canceled':
        this.#announce(shown);
        this.#line(shown, `${mark} CANCELED`);
        return;
      case 'failed':
        this.#announce(shown);
        this.#flush(shown, event.atMs);
        this.#line(shown, `${mark} ERROR: ${stripControls(event.error)}`);
    }
  }

  close(): void {
    // Every line is out as soon as it is whole.
  }

  #vertex(target: string | undefined, { vertex, atMs }: BuildEvent): Shown {
    const key = `${target ?? ''} ${vertex.id}`;
    const shown = this.#shown.get(key) ?? {
      number: this.#shown.size + 1,
      name: vertexName(target, vertex),
      startedMs: atMs,
      isAnnounced: false,
      rest: '',
    };
    this.#shown.set(key, shown);
    return shown;
  }

  #announce(shown: Shown): void {
    if (shown.isAnnounced) return;
    shown.isAnnounced = true;
    this.#line(shown, `#${shown.number} ${shown.name}`);
  }

  #output(shown: Shown, text: string, atMs: number): void {
    const lines = `${shown.rest}${text}`.split('\n');
    shown.rest = lines.pop() ?? '';
    for (const line of lines) {
      // Of a line that a program redraws, the last state counts.
      const visible = safeLine(line.replace(/\r$/, '').split('\r').at(-1) ?? '');
      this.#line(shown, `#${shown.number} ${seconds(atMs - shown.startedMs, 3)} ${visible}`);
    }
  }

  #flush(shown: Shown, atMs: number): void {
    if (shown.rest !== '') this.#output(shown, '\n', atMs);
  }

  /** An empty line where another vertex speaks. */
  #line({ number }: Shown, text: string): void {
    const gap = this.#last !== 0 && this.#last !== number ? '\n' : '';
    this.#last = number;
    this.#write(`${gap}${text}\n`);
  }
}

function seconds(ms: number, digits = 1): string {
  return (Math.max(0, ms) / 1000).toFixed(digits);
}
