import { dirname } from 'node:path';
import { isatty } from 'node:tty';
import type { Host, OutputStream } from './host.ts';

/** The real process as a {@link Host}. The one place of the product that reads `process`. */
export function processHost(bundleFolder: string): Host {
  return {
    env: process.env,
    cwd: process.cwd(),
    stdout: outputStream(1, () => process.stdout),
    stderr: outputStream(2, () => process.stderr),
    stdinIsTTY: isatty(0),
    readStdin,
    ask,
    now: () => Date.now(),
    monotonicMs: () => performance.now(),
    terminalRows: () => process.stderr.rows || 24,
    uid: process.geteuid?.() ?? -1,
    packageFolder: dirname(bundleFolder),
    onSignal(signal, callback) {
      process.on(signal, callback);
      return () => process.off(signal, callback);
    },
  };
}

/** The stream is opened by its first use: opening one that a command never writes to would cost it a millisecond. */
function outputStream(fd: number, open: () => NodeJS.WriteStream): OutputStream {
  let opened: NodeJS.WriteStream | undefined;
  const stream = () => {
    if (opened === undefined) {
      opened = open();
      // `compose ps | head`: who reads has had enough, which is no failure of ours.
      opened.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EPIPE') process.exit(0);
        throw error;
      });
    }
    return opened;
  };
  return {
    write: (text) => stream().write(text),
    isTTY: isatty(fd),
    get columns() {
      return stream().columns || 80;
    },
  };
}

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
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
