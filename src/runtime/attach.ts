import { closeSync, constants, mkdirSync, openSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { AppError } from '../core/index.ts';
import { isNativeFailure, nativeError } from './native-error.ts';

/** Bytes of one stream, in the order in which the container wrote them. */
export interface AttachChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Buffer;
}

const frameHead = 5;
/** The longest frame that the shim takes. */
const maxInput = 65_536;
const streamStdin = 1;
const streamStderr = 3;
const streamResize = 4;

/**
 * Attaches to a running container's stdio (native/PROTOCOL.md, "attach"). With a terminal everything comes as stdout.
 * @param run `<run>/containers/<id>`.
 * @throws {AppError} `NATIVE_NOT_RUNNING` where no shim lives.
 */
export async function attachContainer(
  run: string,
  options: { stdin: boolean },
): Promise<Attachment> {
  const socket = await connectControl(run);
  const attachment = greeted(socket, run);
  socket.write(`${JSON.stringify({ op: 'attach', stdin: options.stdin })}\n`);
  return attachment;
}

/** A place at which the shim that is started next meets its first client, before its container runs. */
export interface AttachMeeting {
  /** Resolves once the shim has come; rejects where it will not ({@link AttachMeeting.close}). */
  readonly attachment: Promise<Attachment>;
  close(): void;
}

/**
 * Listens at `<run>/attach`; `container.start` with `attach` makes the shim call there.
 * @param run `<run>/containers/<id>`, made where it is missing.
 */
export async function meetShim(run: string): Promise<AttachMeeting> {
  mkdirSync(run, { recursive: true, mode: 0o700 });
  rmSync(`${run}/attach`, { force: true });
  const folder = openSync(run, constants.O_RDONLY | constants.O_DIRECTORY);
  const server = createServer({ pauseOnConnect: true });
  let giveUp: (error: Error) => void = () => undefined;
  const attachment = new Promise<Attachment>((resolve, reject) => {
    giveUp = reject;
    server.once('connection', (socket) => greeted(socket, run).then(resolve, reject));
  });
  attachment.catch(() => undefined);
  const close = () => {
    giveUp(gone(run));
    server.close();
    rmSync(`${run}/attach`, { force: true });
  };
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(`/proc/self/fd/${folder}/attach`, resolve);
    });
  } finally {
    closeSync(folder);
  }
  return { attachment, close };
}

/** Waits for the shim's first line. */
function greeted(socket: Socket, run: string): Promise<Attachment> {
  return new Promise((resolve, reject) => {
    let head: Buffer = Buffer.alloc(0);
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    const onData = (chunk: Buffer) => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf(0x0a);
      if (end < 0) return;
      const reply: unknown = JSON.parse(head.toString('utf8', 0, end));
      socket.off('data', onData).off('error', fail).off('close', onClose).pause();
      const error = (reply as { error?: unknown }).error;
      if (error !== undefined) fail(isNativeFailure(error) ? nativeError(error) : gone(run));
      else resolve(new Attachment(socket, head.subarray(end + 1)));
    };
    const onClose = () => fail(gone(run));
    socket.on('data', onData).on('error', fail).on('close', onClose).resume();
  });
}

/** One attached client. Its output ends with the container, or with {@link Attachment.detach}. */
export class Attachment implements AsyncIterable<AttachChunk> {
  readonly #socket: Socket;
  #rest: Buffer;

  /** Not for callers: {@link attachContainer} makes it. `rest` is what came behind the reply. */
  constructor(socket: Socket, rest: Buffer) {
    this.#socket = socket;
    this.#rest = rest;
    // A shim that ends resets what it has not read; the output's end tells the same.
    socket.on('error', () => socket.destroy());
  }

  /** Iterate once. While nobody takes the next chunk, the container's writes come to wait. */
  async *[Symbol.asyncIterator](): AsyncIterator<AttachChunk> {
    yield* this.#take(Buffer.alloc(0));
    try {
      for await (const chunk of this.#socket) yield* this.#take(chunk as Buffer);
    } catch (error) {
      if (!this.#socket.destroyed) throw error;
    }
  }

  /** Resolves when the bytes are on their way; no bytes end stdin where the container was made so (`stdinOnce`). */
  async write(data: Uint8Array): Promise<void> {
    for (let at = 0; at === 0 || at < data.length; at += maxInput) {
      const sent = this.#frame(streamStdin, Buffer.from(data.subarray(at, at + maxInput)));
      if (!sent && !this.#socket.destroyed) {
        await new Promise<void>((resolve) => {
          const done = () => {
            this.#socket.off('drain', done).off('close', done);
            resolve();
          };
          this.#socket.on('drain', done).on('close', done);
        });
      }
    }
  }

  /** Sets the size of the container's terminal; nothing where it has none. */
  resize(rows: number, columns: number): void {
    const size = Buffer.alloc(4);
    size.writeUInt16LE(rows, 0);
    size.writeUInt16LE(columns, 2);
    this.#frame(streamResize, size);
  }

  /** Leaves the container running. */
  detach(): void {
    this.#socket.destroy();
  }

  #frame(stream: number, data: Buffer): boolean {
    const head = Buffer.alloc(frameHead);
    head.writeUInt8(stream, 0);
    head.writeUInt32LE(data.length, 1);
    return this.#socket.writable && this.#socket.write(Buffer.concat([head, data]));
  }

  #take(chunk: Buffer): AttachChunk[] {
    const chunks: AttachChunk[] = [];
    let input = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (input.length >= frameHead) {
      const end = frameHead + input.readUInt32LE(1);
      if (input.length < end) break;
      const stream = input.readUInt8(0) === streamStderr ? 'stderr' : 'stdout';
      chunks.push({ stream, data: input.subarray(frameHead, end) });
      input = input.subarray(end);
    }
    this.#rest = input;
    return chunks;
  }
}

/**
 * Connects to a shim's control socket. The folder is named by a descriptor, as a socket's address holds 107 bytes
 * and the path may be longer.
 */
async function connectControl(run: string): Promise<Socket> {
  let folder: number;
  try {
    folder = openSync(run, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    throw gone(run, error);
  }
  try {
    return await new Promise((resolve, reject) => {
      const socket = createConnection(`/proc/self/fd/${folder}/ctl`);
      const fail = (error: Error) => reject(gone(run, error));
      socket.once('error', fail).once('connect', () => {
        socket.off('error', fail);
        resolve(socket);
      });
    });
  } finally {
    closeSync(folder);
  }
}

function gone(run: string, cause?: unknown): AppError {
  return new AppError('NATIVE_NOT_RUNNING', `connect: ${run}: no shim answers there`, { cause });
}
