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

const streams = { stdin: 1, stdout: 2, stderr: 3, resize: 4 } as const;
const headBytes = 5;
/** Longest frame that the shim takes. */
const longestFrame = 64 * 1024;

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
    const socket = options.stdin || options.tty ? await attach(context, id, options) : undefined;
    if (socket === undefined) await copyLog(context, engine, id);
    else if (options.tty) await runTerminal(context, engine, id, socket);
    else {
      // The log has all of the output, from the first byte on; the socket is needed for input alone.
      socket.resume();
      const stop = feedInput(socket);
      await copyLog(context, engine, id).finally(stop);
      socket.destroy();
    }
    return (await engine.getContainer(id).wait()).StatusCode;
  } finally {
    for (const off of offs) off();
  }
}

async function copyLog(context: CommandContext, engine: Engine, id: string): Promise<void> {
  const { stdout, stderr } = context.host;
  for await (const { line, partial, stream } of engine.logEntries(id, { follow: true })) {
    const output = stream === 'stderr' ? stderr : stdout;
    output.write(partial ? line : Buffer.concat([line, Buffer.from('\n')]));
  }
}

/** Attaches to the shim; `undefined` where the container has ended before anybody could. */
async function attach(
  context: CommandContext,
  id: string,
  { stdin }: AttachContainerOptions,
): Promise<Socket | undefined> {
  const socket = await openControl(containerPaths(context.roots, id).control);
  if (socket === undefined) return undefined;
  socket.write(`${JSON.stringify({ op: 'attach', stdin })}\n`);
  let reply = Buffer.alloc(0);
  while (!reply.includes(10)) {
    const chunk = await nextChunk(socket);
    if (chunk === undefined) return undefined;
    reply = Buffer.concat([reply, chunk]);
  }
  const end = reply.indexOf(10);
  const { error } = JSON.parse(reply.toString('utf8', 0, end)) as { error?: { message?: string } };
  if (error !== undefined) throw new Error(error.message ?? 'the container cannot be attached to');
  if (reply.length > end + 1) socket.unshift(reply.subarray(end + 1));
  return socket;
}

/** Raw mode, input, size and output of a container with a terminal of its own. */
async function runTerminal(
  context: CommandContext,
  engine: Engine,
  id: string,
  socket: Socket,
): Promise<void> {
  const { host } = context;
  const sendSize = () => {
    const size = Buffer.alloc(4);
    size.writeUInt16LE(host.terminalRows(), 0);
    size.writeUInt16LE(host.stdout.columns, 2);
    send(socket, streams.resize, size);
  };
  sendSize();
  const offResize = host.onSignal('SIGWINCH', sendSize);
  process.stdin.setRawMode(true);
  const stop = feedInput(socket);
  try {
    let before: string | undefined = await logText(engine, id);
    for await (const { data } of frames(socket)) {
      // What was written before attaching is in the log, together with what came through the socket since.
      const text = data.toString('utf8');
      if (before !== undefined) host.stdout.write(withoutEnd(before, text));
      before = undefined;
      host.stdout.write(data);
    }
    if (before !== undefined) host.stdout.write(before);
  } finally {
    stop();
    offResize();
    process.stdin.setRawMode(false);
    socket.destroy();
  }
}

async function logText(engine: Engine, id: string): Promise<string> {
  let text = '';
  for await (const { line, partial } of engine.logEntries(id)) {
    text += `${Buffer.from(line).toString('utf8')}${partial ? '' : '\n'}`;
  }
  return text;
}

function withoutEnd(text: string, end: string): string {
  return text.endsWith(end) ? text.slice(0, -end.length || undefined) : text;
}

/** Copies standard input to the container until it ends or the returned function is called. */
function feedInput(socket: Socket): () => void {
  const input = process.stdin;
  const forward = (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; at += longestFrame) {
      if (!send(socket, streams.stdin, chunk.subarray(at, at + longestFrame))) input.pause();
    }
  };
  const end = () => send(socket, streams.stdin, Buffer.alloc(0));
  const resume = () => input.resume();
  input.on('data', forward).once('end', end);
  socket.on('drain', resume);
  // The container may end with input still on its way.
  socket.on('error', () => input.pause());
  return () => {
    input.off('data', forward).off('end', end).pause();
    input.unref?.();
  };
}

function send(socket: Socket, stream: number, data: Buffer): boolean {
  const head = Buffer.alloc(headBytes);
  head.writeUInt8(stream, 0);
  head.writeUInt32LE(data.length, 1);
  return socket.writable ? socket.write(Buffer.concat([head, data])) : true;
}

async function* frames(socket: Socket): AsyncGenerator<{ stream: number; data: Buffer }> {
  let pending: Buffer = Buffer.alloc(0);
  for await (const chunk of socket) {
    pending = Buffer.concat([pending, chunk as Buffer]);
    while (pending.length >= headBytes) {
      const length = pending.readUInt32LE(1);
      if (pending.length < headBytes + length) break;
      yield {
        stream: pending.readUInt8(0),
        data: Buffer.from(pending.subarray(headBytes, headBytes + length)),
      };
      pending = pending.subarray(headBytes + length);
    }
  }
}

function nextChunk(socket: Socket): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const done = (chunk?: Buffer) => {
      socket.off('data', done).off('close', onClose).pause();
      resolve(chunk);
    };
    const onClose = () => done();
    socket.once('data', done).once('close', onClose);
  });
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
