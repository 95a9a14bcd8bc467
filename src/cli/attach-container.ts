import { fstatSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import type { Engine } from '../engine/index.ts';
import { containerPaths, isErrno } from '../state/index.ts';
import type { CommandContext } from './context.ts';

/** How a running container is attached to. */
export interface AttachContainerOptions {
  /** Standard input goes to the container. */
  readonly stdin: boolean;
  /** The container has a terminal: this one is put into raw mode and its size passed on. */
  readonly tty: boolean;
}

const header = 5;
const streams = { stdin: 1, stdout: 2, stderr: 3, resize: 4 } as const;

/**
 * Shows a container's output as it is, and feeds its input, until it has ended for good.
 * @returns its exit code.
 */
export async function attachUntilExit(
  context: CommandContext,
  id: string,
  options: AttachContainerOptions,
): Promise<number> {
  const engine = await context.engine();
  const offs = forwardSignals(context, engine, id, options);
  try {
    if (!options.stdin && !options.tty) await copyLog(context, engine, id);
    else if (!(await copyStreams(context, id, options))) await copyLog(context, engine, id);
    return (await engine.getContainer(id).wait()).StatusCode;
  } finally {
    for (const off of offs) off();
  }
}

/** Without input the log is all there is to show, and no byte of it can be missed. */
async function copyLog(context: CommandContext, engine: Engine, id: string): Promise<void> {
  const { stdout, stderr } = context.host;
  for await (const { line, partial, stream } of engine.logEntries(id, { follow: true })) {
    const output = stream === 'stderr' ? stderr : stdout;
    output.write(partial ? line : Buffer.concat([line, Buffer.from('\n')]));
  }
}

/**
 * Copies between this terminal and the shim's control socket (native/PROTOCOL.md, "attach").
 * @returns false where the container had ended before anybody could attach.
 */
async function copyStreams(
  context: CommandContext,
  id: string,
  { stdin, tty }: AttachContainerOptions,
): Promise<boolean> {
  const socket = await openControl(containerPaths(context.roots, id).control);
  if (socket === undefined) return false;
  const terminal = process.stdin;
  const offs: (() => void)[] = [];
  const send = (stream: number, data: Uint8Array) => {
    const head = Buffer.alloc(header);
    head.writeUInt8(stream, 0);
    head.writeUInt32LE(data.length, 1);
    return socket.write(Buffer.concat([head, data]));
  };
  socket.write(`${JSON.stringify({ op: 'attach', stdin, logs: true })}\n`);
  if (tty) {
    const resize = () => {
      const size = Buffer.alloc(4);
      size.writeUInt16LE(context.host.terminalRows(), 0);
      size.writeUInt16LE(context.host.stdout.columns, 2);
      send(streams.resize, size);
    };
    resize();
    offs.push(context.host.onSignal('SIGWINCH', resize));
    terminal.setRawMode(true);
    offs.push(() => terminal.setRawMode(false));
  }
  if (stdin) {
    const forward = (chunk: Buffer) => {
      if (!send(streams.stdin, chunk)) terminal.pause();
    };
    const end = () => send(streams.stdin, new Uint8Array());
    const resume = () => terminal.resume();
    terminal.on('data', forward).once('end', end);
    socket.on('drain', resume);
    offs.push(() => {
      terminal.off('data', forward).off('end', end).pause();
      terminal.unref?.();
    });
  }
  try {
    await copyOutput(context, socket);
  } finally {
    for (const off of offs) off();
    socket.destroy();
  }
  return true;
}

async function copyOutput(context: CommandContext, socket: Socket): Promise<void> {
  let pending: Buffer = Buffer.alloc(0);
  let replied = false;
  for await (const chunk of socket) {
    pending = Buffer.concat([pending, chunk as Buffer]);
    if (!replied) {
      const end = pending.indexOf(10);
      if (end < 0) continue;
      const reply = JSON.parse(pending.toString('utf8', 0, end)) as {
        error?: { message?: string };
      };
      if (reply.error !== undefined) throw new Error(reply.error.message ?? 'attach was refused');
      pending = pending.subarray(end + 1);
      replied = true;
    }
    while (pending.length >= header) {
      const length = pending.readUInt32LE(1);
      if (pending.length < header + length) break;
      const data = pending.subarray(header, header + length);
      const { stdout, stderr } = context.host;
      (pending.readUInt8(0) === streams.stderr ? stderr : stdout).write(Buffer.from(data));
      pending = pending.subarray(header + length);
    }
  }
}

function openControl(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', (error) => {
      if (isErrno(error, 'ENOENT') || isErrno(error, 'ECONNREFUSED')) resolve(undefined);
      else reject(error);
    });
  });
}

/** With a terminal of its own the container gets Ctrl-C as a byte; without one, as the signal that it is. */
function forwardSignals(
  context: CommandContext,
  engine: Engine,
  id: string,
  { tty }: AttachContainerOptions,
): (() => void)[] {
  if (tty) return [];
  return (['SIGINT', 'SIGTERM'] as const).map((signal) =>
    context.host.onSignal(signal, () => {
      void engine
        .getContainer(id)
        .kill({ signal })
        .catch((error: unknown) => {
          // It has ended in between; its exit code is on its way.
          if ((error as { statusCode?: unknown }).statusCode !== 409) throw error;
        });
    }),
  );
}

/** True where somebody feeds standard input: a pipe or a file, not a terminal or /dev/null. */
export function isStdinFed(): boolean {
  try {
    const stat = fstatSync(0);
    return stat.isFIFO() || stat.isFile() || stat.isSocket();
  } catch {
    // EBADF: it is closed.
    return false;
  }
}
