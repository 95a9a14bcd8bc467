import { expect } from 'chai';
import { readFrames, type StreamChunk } from '../../../src/engine/docker/frames.ts';

function frame(stream: number, text: string): Buffer {
  const head = Buffer.alloc(8);
  head[0] = stream;
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

async function read(chunks: readonly Buffer[], isTerminal = false): Promise<string[]> {
  async function* source() {
    yield* chunks;
  }
  const found: StreamChunk[] = [];
  for await (const chunk of readFrames(source(), isTerminal)) found.push(chunk);
  return found.map(({ stream, bytes }) => `${stream} ${bytes}`);
}

describe("Docker's multiplexed stream", () => {
  const all = Buffer.concat([frame(1, 'out\n'), frame(2, 'err\n'), frame(1, '')]);

  it('is taken apart however it is cut', async () => {
    for (let size = 1; size <= all.length; size += 1) {
      const chunks: Buffer[] = [];
      for (let at = 0; at < all.length; at += size) chunks.push(all.subarray(at, at + size));
      expect(await read(chunks), `pieces of ${size}`).to.deep.equal([
        'stdout out\n',
        'stderr err\n',
        'stdout ',
      ]);
    }
  });

  it('is passed on as it is where there is a terminal', async () => {
    expect(await read([Buffer.from('any\r\n')], true)).to.deep.equal(['stdout any\r\n']);
  });
});
