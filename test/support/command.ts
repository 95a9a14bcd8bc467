/** Our two commands and other programs, run as a user runs them: as processes, with their own environment. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../..', import.meta.url));
export const composeProgram = `${repository}dist/compose.cjs`;
export const coracleProgram = `${repository}dist/coracle.cjs`;

export interface CommandResult {
  /** 128 + n where signal n ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  /** After this it is killed and the promise rejects; a test never hangs. */
  readonly timeoutMs?: number;
  readonly uid?: number;
}

/** Runs a program to its end; a non-zero exit is no error here. */
export function runCommand(
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return startCommand(argv, options).result;
}

/** Starts a program; `result` resolves when it has ended and its output is closed. */
export function startCommand(
  argv: readonly string[],
  { input, timeoutMs = 120_000, ...options }: CommandOptions = {},
): { readonly child: ChildProcess; readonly result: Promise<CommandResult> } {
  const [program, ...args] = argv;
  if (program === undefined) throw new Error('no program to run');
  const child = spawn(program, args, { ...options, env: options.env ?? process.env });
  const result = new Promise<CommandResult>((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${argv.join(' ')} did not end in ${timeoutMs} ms\n${stdout}${stderr}`));
    }, timeoutMs);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code: code ?? 128 + signalNumber(signal), stdout, stderr });
    });
  });
  child.stdin.on('error', (error: NodeJS.ErrnoException) => {
    // It ended without reading what it was given.
    if (error.code !== 'EPIPE') throw error;
  });
  child.stdin.end(input ?? '');
  return { child, result };
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === 'SIGKILL' ? 9 : signal === 'SIGTERM' ? 15 : signal === 'SIGINT' ? 2 : 1;
}
