/** Longest frame that either side accepts; native/PROTOCOL.md. */
export const maxFrame = 1024 * 1024;

/** A frame as it goes to the native side: its length, then `body`. */
export function encodeFrame(body: Uint8Array): Buffer {
  const header = Buffer.allocUnsafe(4);
  header.writeUInt32LE(body.length);
  return Buffer.concat([header, body]);
}

/** Puts the native side's frames together from what a pipe delivers. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #length = 0;

  /** The frames that are whole with this chunk. */
  take(chunk: Buffer): string[] {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    const frames: string[] = [];
    if (this.#length < 4) return frames;
    let input = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    while (input.length >= 4) {
      const end = 4 + input.readUInt32LE(0);
      if (input.length < end) break;
      frames.push(input.toString('utf8', 4, end));
      input = input.subarray(end);
    }
    this.#chunks = input.length === 0 ? [] : [input];
    this.#length = input.length;
    return frames;
  }
}
