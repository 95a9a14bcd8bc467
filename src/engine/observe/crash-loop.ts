import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { ContainerState } from './read-state.ts';

/** A container that is started again and again, or was until its policy gave up. */
export interface CrashLoop {
  /** How many runs in a row ended too soon. */
  readonly runs: number;
  readonly gaveUp: boolean;
  /** `exit code 1`. */
  readonly reason: string;
  /** The line of its log that says most about the reason: the last that names an error, else the last; may be empty. */
  readonly lastLine: string;
}

/** Two are an accident, the third is none. */
const loopRuns = 3;
/** The end of the log that is looked through: a stack trace and what stands before it. */
const tailBytes = 8 * 1024;
const longestLine = 100;

/** What the state says of a crash loop; the log is only read where there is one. */
export function crashLoopOf(state: ContainerState, log: string): CrashLoop | undefined {
  const { shortRuns = 0, gaveUp = false } = state;
  const isLooping = state.status === 'restarting' || state.status === 'running';
  if (!(gaveUp && state.status === 'exited') && !(isLooping && shortRuns >= loopRuns)) {
    return undefined;
  }
  const reason = state.oomKilled
    ? 'out of memory'
    : state.exitCode === 0 && state.status === 'running'
      ? 'it keeps ending'
      : `exit code ${state.exitCode}`;
  return { runs: shortRuns, gaveUp, reason, lastLine: tellingLine(lastLines(log)) };
}

/** `crash loop, 4 runs: Error: no such database`. */
export function crashLoopText({ runs, gaveUp, reason, lastLine }: CrashLoop): string {
  const what = gaveUp ? 'gave up' : 'crash loop';
  const count = runs > 0 ? `, ${runs} runs` : '';
  return `${what}${count}: ${lastLine === '' ? reason : lastLine}`;
}

/** How programs begin or word what they die of. */
const complaint =
  /\b(?:error|exception|fatal|panic|cannot|can't|could not|unable|failed|denied|refused|not found|no such)\b/i;

function tellingLine(lines: readonly string[]): string {
  const line = lines.findLast((text) => complaint.test(text)) ?? lines.at(-1) ?? '';
  return line.length > longestLine ? `${line.slice(0, longestLine - 1)}…` : line;
}

/** The texts of the log's last lines, without blank ones; a container's control characters do not reach a terminal. */
function lastLines(log: string): string[] {
  return tail(log)
    .split('\n')
    .flatMap((line) => {
      const [, text = ''] = /^\S+ std(?:out|err) [FP] (.*)$/.exec(line) ?? [];
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
      const shown = text.replace(/\x1b\[[\d;?]*[ -/]*[@-~]|[\x00-\x1f\x7f-\x9f]/g, '').trim();
      return shown === '' ? [] : [shown];
    });
}

function tail(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    // Its log driver keeps none, or it is being rotated: the loop is told without a line.
    return '';
  }
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, tailBytes));
    return bytes.toString('utf8', 0, readSync(file, bytes, 0, bytes.length, size - bytes.length));
  } finally {
    closeSync(file);
  }
}
