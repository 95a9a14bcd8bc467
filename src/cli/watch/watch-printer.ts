import type { SourceRange } from '../../core/index.ts';
import type { WatchEvent, WatchedRule } from '../../watch/index.ts';
import type { Host } from '../host.ts';
import { safeLine } from '../logs/log-line.ts';
import { shortPlace } from '../print-diagnostics.ts';
import { printError } from '../print-error.ts';
import type { Paint } from '../text/paint.ts';

/** How what a watch does is shown. */
export interface WatchPrinterOptions {
  readonly host: Host;
  readonly paint: Paint;
  /** Prints a line between the containers' own. */
  readonly line: (text: string) => void;
  readonly debug: boolean;
}

/** Most file names in one line. */
const namesShown = 3;

/** Prints a watch's events, a line each: what was done, with which files, and how long it took from the save on. */
export class WatchPrinter {
  readonly #options: WatchPrinterOptions;

  constructor(options: WatchPrinterOptions) {
    this.#options = options;
  }

  print(event: WatchEvent): void {
    switch (event.type) {
      case 'watching':
        this.#say('Watch enabled');
        for (const line of ruleLines(event.rules)) this.#options.line(`  ${line}`);
        return;
      case 'changed':
        return;
      case 'synced':
        this.#say(
          `${event.service}: synced ${names(event.files)}${event.initial ? ', changed before' : ` in ${time(event.ms)}`}`,
        );
        return;
      case 'executed':
        for (const line of event.output.split('\n')) {
          if (line !== '') this.#options.line(`${event.service}  | ${safeLine(line)}`);
        }
        if (event.exitCode === 0) {
          this.#say(`${event.service}: ran ${event.command.join(' ')}, done ${after(event.ms)}`);
        }
        return;
      case 'restarted':
        this.#say(`${event.service}: restarted, running again ${after(event.ms)}`);
        return;
      case 'rebuilt':
        this.#say(
          `${event.services.join(', ')}: rebuilt after ${names(event.files)} changed, running again ${after(event.ms)}`,
        );
        return;
      case 'failed':
        printError(event.error, this.#options);
        return;
      case 'noticed': {
        const { range } = event.error.details as { range?: SourceRange };
        const { host } = this.#options;
        const place = range === undefined ? '' : `${shortPlace(range, host.cwd)}: `;
        host.stderr.write(`WARN: ${place}${event.error.message}\n`);
        return;
      }
    }
  }

  #say(text: string): void {
    this.#options.line(`${this.#options.paint.cyan('⦿')} ${text}`);
  }
}

/** `web: src → /app/src (sync)`, a line each. */
export function ruleLines(rules: readonly WatchedRule[]): string[] {
  return rules.map(
    ({ service, action, path, target }) =>
      `${service}: ${path}${target === undefined ? '' : ` → ${target}`} (${action})`,
  );
}

function names(files: readonly string[]): string {
  if (files.length <= namesShown) return files.map(safeLine).join(', ');
  const first = files.slice(0, namesShown - 1).map(safeLine);
  return `${files.length} files (${first.join(', ')}, …)`;
}

function after(ms: number): string {
  return `${time(ms)} after the save`;
}

function time(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
