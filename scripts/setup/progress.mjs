/**
 * One line per step: live on a terminal, two plain lines elsewhere. What a step's program prints is kept
 * and shown only when it fails.
 */
import { spawn } from 'node:child_process';

const isTerminal = process.stdout.isTTY === true;
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/** Lines of a failed program's output that are shown. */
const TAIL_LINES = 40;

/** A step that cannot go on; `message` is all that the user sees of it. */
export class SetupError extends Error {
  name = 'SetupError';
}

/**
 * Runs `work` as one visible step. `work` gets a function that replaces the step's detail text, and returns
 * `false` where there was nothing to do: such a step leaves no line behind.
 */
export async function step(title, work) {
  const started = Date.now();
  const seconds = () => `${((Date.now() - started) / 1000).toFixed(1)} s`;
  let detail = '';
  let frame = 0;
  const draw = () => {
    frame = (frame + 1) % FRAMES.length;
    const text = `${FRAMES[frame]} ${title} ${seconds()}${detail === '' ? '' : `  ${detail}`}`;
    process.stdout.write(`\r\x1b[2K${text.slice(0, (process.stdout.columns ?? 80) - 1)}`);
  };
  const clear = () => isTerminal && process.stdout.write('\r\x1b[2K');
  const timer = isTerminal ? setInterval(draw, 100) : undefined;
  // Elsewhere the line is held back for a moment, so that a step with nothing to do says nothing.
  const announce = isTerminal ? undefined : setTimeout(() => console.log(`· ${title} …`), 300);
  try {
    const done = await work((text) => {
      detail = text;
    });
    clear();
    if (done !== false) console.log(`✓ ${title} (${seconds()})`);
  } catch (error) {
    clear();
    console.log(`✗ ${title} (${seconds()})`);
    throw error;
  } finally {
    clearInterval(timer);
    clearTimeout(announce);
  }
}

/**
 * Runs a program to its end and returns what it printed on standard output.
 * @param options `detail` is told each line; the rest goes to `spawn`.
 * @throws {SetupError} with the end of its output where it fails.
 */
export function run(command, args, { detail, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    let all = '';
    const take = (chunk) => {
      all += chunk;
      const line = String(chunk).trimEnd().split('\n').at(-1)?.trim();
      if (line) detail?.(line);
    };
    child.stdout.on('data', (chunk) => {
      output += chunk;
      take(chunk);
    });
    child.stderr.on('data', take);
    child.on('error', (error) => reject(new SetupError(`${command}: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(output);
      const tail = all.trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
      const why = signal === null ? `exit code ${code}` : signal;
      reject(new SetupError(`${[command, ...args].join(' ')} failed (${why})\n${tail}`));
    });
  });
}
