/** Which of a container's streams some bytes came from. */
export interface StreamChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly bytes: Buffer;
}

const headBytes = 8;

/**
 * Takes Docker's multiplexed stream apart: one byte says which stream, four (big-endian, from the fifth on) how many
 * bytes follow. A container with a terminal has one stream, unmultiplexed.
 */
export async function* readFrames(
  source: AsyncIterable<Buffer>,
  isTerminal: boolean,
): AsyncGenerator<StreamChunk> {
  if (isTerminal) {
    for await (const bytes of source) yield { stream: 'stdout', bytes };
    return;
  }
  let rest: Buffer = Buffer.alloc(0);
  for await (const bytes of source) {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    while (rest.length >= headBytes) {
      const end = headBytes + rest.readUInt32BE(4);
      if (rest.length < end) break;
      yield {
        stream: rest[0] === 2 ? 'stderr' : 'stdout',
        bytes: rest.subarray(headBytes, end),
      };
      rest = rest.subarray(end);
    }
  }
}
