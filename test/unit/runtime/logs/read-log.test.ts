import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { type ReadLogOptions, readLog, readLogBatches } from '../../../../src/runtime/index.ts';

describe('readLog', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'coracle-log-'));
    mkdirSync(join(folder, 'run'));
    path = join(folder, 'log');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const entry = (n: number, text: string, tag = 'F', stream = 'stdout') =>
    `2026-11-24T00:00:${String(n % 60).padStart(2, '0')}.000000000Z ${stream} ${tag} ${text}\n`;
  const texts = async (options?: ReadLogOptions) => {
    const found: string[] = [];
    for await (const { line } of readLog(path, options)) found.push(Buffer.from(line).toString());
    return found;
  };
  const numbered = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => entry(from + i, `line ${from + i}`)).join('');

  it('finds nothing where there is no log', async () => {
    expect(await texts()).to.deep.equal([]);
    expect(await texts({ tail: 5 })).to.deep.equal([]);
  });

  it('tells stream, time, text and pieces', async () => {
    writeFileSync(path, entry(1, 'a', 'P', 'stderr') + entry(1, '', 'F', 'stderr'));
    const lines = [];
    for await (const line of readLog(path))
      lines.push({ ...line, line: Buffer.from(line.line).toString() });
    expect(lines).to.deep.equal([
      { stream: 'stderr', time: '2026-11-24T00:00:01.000000000Z', line: 'a', partial: true },
      { stream: 'stderr', time: '2026-11-24T00:00:01.000000000Z', line: '', partial: false },
    ]);
  });

  it('reads rotated files first, oldest first', async () => {
    writeFileSync(`${path}.2`, numbered(0, 2));
    writeFileSync(`${path}.1`, numbered(2, 4));
    writeFileSync(path, numbered(4, 6));
    expect(await texts()).to.deep.equal([0, 1, 2, 3, 4, 5].map((n) => `line ${n}`));
  });

  it('finds every tail, across files and blocks', async () => {
    writeFileSync(`${path}.1`, numbered(0, 9000));
    writeFileSync(path, numbered(9000, 20_000));
    for (const tail of [0, 1, 2, 100, 6000, 10_999, 11_000, 11_001, 19_999, 20_000, 20_001]) {
      const found = await texts({ tail });
      expect(found, String(tail)).to.have.lengthOf(Math.min(tail, 20_000));
      if (tail > 0) expect(found.at(-1)).to.equal('line 19999');
    }
  });

  it('reads a piece that somebody has compressed with gzip', async () => {
    writeFileSync(`${path}.2.gz`, gzipSync(numbered(0, 3000)));
    writeFileSync(`${path}.1`, numbered(3000, 3001));
    writeFileSync(path, numbered(3001, 3002));
    expect(await texts()).to.have.lengthOf(3002);
    expect(await texts({ tail: 3 })).to.deep.equal(['line 2999', 'line 3000', 'line 3001']);
  });

  it('says which compressed piece is damaged', async () => {
    writeFileSync(`${path}.1`, '');
    writeFileSync(path, '');
    writeFileSync(`${path}.2.gz`, gzipSync(numbered(0, 3000)).subarray(0, 500));
    const failure = await texts().catch((error: Error) => error);
    expect(failure).to.match(/log\.2\.gz is damaged/);
  });

  it('counts a long line’s pieces as one line of the tail', async () => {
    writeFileSync(
      path,
      entry(1, 'one') + entry(2, 'a', 'P') + entry(2, 'b', 'P') + entry(2, 'c') + entry(3, 'two'),
    );
    expect(await texts({ tail: 2 })).to.deep.equal(['a', 'b', 'c', 'two']);
    expect(await texts({ tail: 3 })).to.deep.equal(['one', 'a', 'b', 'c', 'two']);
  });

  it('takes bounds of any time zone, the first inclusive, the last exclusive', async () => {
    writeFileSync(path, numbered(0, 10));
    const found = await texts({
      since: '2026-11-24T01:00:03+01:00',
      until: '2026-11-24T00:00:05.000Z',
    });
    expect(found).to.deep.equal(['line 3', 'line 4']);
  });

  it('refuses a bound that is no time', async () => {
    let message = '';
    await texts({ since: 'yesterday' }).catch((error: Error) => {
      message = error.message;
    });
    expect(message).to.equal('"yesterday" is no RFC 3339 time');
  });

  it('leaves a line alone whose end is not written yet', async () => {
    writeFileSync(path, entry(1, 'whole') + entry(2, 'half').slice(0, -3));
    expect(await texts()).to.deep.equal(['whole']);
  });

  it('follows over a rotation until the container has ended, and loses nothing', async () => {
    let ended = false;
    writeFileSync(path, numbered(0, 3));
    const reading = texts({ follow: { runFolder: join(folder, 'run'), hasEnded: () => ended } });
    await new Promise((resolve) => setImmediate(resolve));
    appendFileSync(path, numbered(3, 5));
    renameSync(path, `${path}.1`);
    writeFileSync(path, numbered(5, 7));
    await new Promise((resolve) => setImmediate(resolve));
    appendFileSync(path, numbered(7, 8));
    ended = true;
    writeFileSync(join(folder, 'run', 'state.json'), '{}');
    expect(await reading).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7].map((n) => `line ${n}`));
  });

  it('ends when its signal says so', async () => {
    const abort = new AbortController();
    const reading = texts({
      follow: { runFolder: join(folder, 'run'), hasEnded: () => false },
      signal: abort.signal,
    });
    setImmediate(() => abort.abort());
    expect(await reading).to.deep.equal([]);
  });

  it('reads two hundred thousand lines, each once', async () => {
    writeFileSync(path, numbered(0, 1000).repeat(200));
    let count = 0;
    for await (const lines of readLogBatches(path)) count += lines.length;
    expect(count).to.equal(200_000);
  });
});
