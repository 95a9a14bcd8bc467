import { fstatSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { isatty } from 'node:tty';
import { AppError } from '../core/index.ts';
import type { Host, OutputStream } from './host.ts';

/** The real process as a {@link Host}. The one place of the product that reads `process`. */
export function processHost(bundleFolder: string): Host {
  return {
    env: process.env,
    cwd: process.cwd(),
    stdout: outputStream(1, () => process.stdout),
    stderr: outputStream(2, () => process.stderr),
    get stdinIsTTY() {
      return isTerminal(0);
    },
    readStdin,
    ask,
    askHidden,
    now: () => Date.now(),
    // performance.now() would load all of node:perf_hooks.
    monotonicMs: () => Number(process.hrtime.bigint()) / 1e6,
    processAge: () => ({
      ageMs: performance.now(),
      bootMs: performance.nodeTiming.bootstrapComplete,
    }),
    exitSoon: () => setImmediate(() => process.exit()),
    terminalRows: () => process.stderr.rows || 24,
    uid: process.geteuid?.() ?? -1,
    ownCommand: [process.execPath, ...process.execArgv, process.argv[1] ?? ''],
    packageFolder: dirname(bundleFolder),
    onSignal(signal, callback) {
      process.on(signal, callback);
      return () => process.off(signal, callback);
    },
  };
}

/**
 * Writes straight to the descriptor, as opening Node's stream costs a command five milliseconds. Only where the other end
 * cannot take everything at once (a pipe that is full and not waited for) the stream takes over.
 */
function outputStream(fd: number, open: () => NodeJS.WriteStream): OutputStream {
  let stream: NodeJS.WriteStream | undefined;
  let terminal: boolean | undefined;
  const isTTY = () => {
    terminal ??= isTerminal(fd);
    return terminal;
  };
  return {
    write(text) {
      const bytes = typeof text === 'string' ? Buffer.from(text) : text;
      const written = stream === undefined ? writeNow(fd, bytes) : 0;
      if (written === bytes.length) return true;
      if (stream === undefined) {
        stream = open();
        stream.on('error', endQuietlyWithoutReader);
      }
      return stream.write(bytes.subarray(written));
    },
    drained: () =>
      new Promise((resolve) => {
        if (stream === undefined || !stream.writableNeedDrain) resolve();
        else stream.once('drain', resolve);
      }),
    get isTTY() {
      return isTTY();
    },
    get columns() {
      return (isTTY() ? open().columns : undefined) || 80;
    },
  };
}

/** @returns how many bytes went out. */
function writeNow(fd: number, bytes: Uint8Array): number {
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(fd, bytes, written);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EAGAIN') endQuietlyWithoutReader(error as NodeJS.ErrnoException);
  }
  return written;
}

/** `compose ps | head`: who reads has had enough, which is no failure of ours. */
function endQuietlyWithoutReader(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
}

/** Only a character device can be a terminal; asking Node whether it is one loads half of its streams. */
function isTerminal(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice() && isatty(fd);
  } catch {
    // EBADF: it is closed.
    return false;
  }
}

/** Compose files, Dockerfiles and passwords come this way, none of them longer. Bytes. */
const longestStdin = 8 * 1024 * 1024;

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin) {
    bytes += (chunk as Buffer).length;
    if (bytes > longestStdin) {
      throw new AppError('CLI_USAGE', 'standard input is longer than 8 MiB');
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** What is typed does not show. */
async function askHidden(question: string): Promise<string> {
  const [{ createInterface }, { Writable }] = await Promise.all([
    import('node:readline/promises'),
    import('node:stream'),
  ]);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = createInterface({ input: process.stdin, output: silent, terminal: true });
  process.stderr.write(question);
  try {
    return await prompt.question('');
  } finally {
    prompt.close();
    process.stderr.write('\n');
  }
}

async function ask(question: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await prompt.question(question);
  } finally {
    prompt.close();
  }
}
