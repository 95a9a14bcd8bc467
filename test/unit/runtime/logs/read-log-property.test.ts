import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import fc from 'fast-check';
import { isAppError } from '../../../../src/core/index.ts';
import { readLog } from '../../../../src/runtime/index.ts';

/** Files of a log as they may lie on a disk, whoever has been at them. */
describe('reading a log, whatever is in it', function () {
  this.timeout(10_000);
  const folder = mkdtempSync(join(tmpdir(), 'coracle-log-'));
  const path = join(folder, 'log');
  after(() => rmSync(folder, { recursive: true }));

  const read = async (options: { tail?: number; since?: string } = {}) => {
    const lines: Buffer[] = [];
    for await (const { line } of readLog(path, options)) lines.push(Buffer.from(line));
    return lines;
  };
  /** Any bytes but a line end. */
  const text = fc
    .uint8Array({ maxLength: 120 })
    .map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0x0a)));
  const lines = fc.array(text, { maxLength: 30 });
  const cri = (line: Buffer, index: number) =>
    Buffer.concat([
      Buffer.from(`2026-11-23T12:00:00.${String(index).padStart(9, '0')}Z stdout F `),
      line,
      Buffer.from('\n'),
    ]);

  it('gives back every line, over rotated and compressed files, and the last of them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.tuple(lines, lines, lines), fc.nat(100), async (files, tail) => {
        const all = files.flat();
        let index = 0;
        const [oldest, older, newest] = files.map((file) =>
          Buffer.concat(file.map((line) => cri(line, index++))),
        );
        writeFileSync(`${path}.2.gz`, gzipSync(oldest ?? ''));
        writeFileSync(`${path}.1`, older ?? '');
        writeFileSync(path, newest ?? '');
        expect(await read()).to.deep.equal(all);
        expect(await read({ tail })).to.deep.equal(tail === 0 ? [] : all.slice(-tail));
        const since = `2026-11-23T12:00:00.${String(tail).padStart(9, '0')}Z`;
        expect(await read({ since })).to.deep.equal(all.slice(tail));
      }),
      { numRuns: 60 },
    );
  });

  it('takes any bytes for a log without failing, and makes nothing up', async () => {
    rmSync(`${path}.2.gz`, { force: true });
    const bytes = fc.uint8Array({ maxLength: 400 });
    await fc.assert(
      fc.asyncProperty(bytes, bytes, fc.nat(10), async (older, newest, tail) => {
        writeFileSync(`${path}.1`, older);
        writeFileSync(path, newest);
        const found = await read();
        const size = found.reduce((sum, line) => sum + line.length, 0);
        expect(size).to.be.at.most(older.length + newest.length);
        expect((await read({ tail })).length).to.be.at.most(tail);
      }),
      { numRuns: 100 },
    );
  });

  it('says that a compressed file is damaged, wherever it is, rather than to show a part of it', async () => {
    const whole = gzipSync(cri(Buffer.from('old'), 1));
    writeFileSync(`${path}.1`, '');
    writeFileSync(path, cri(Buffer.from('newest'), 2));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (at, flip) => {
          const broken = Buffer.from(whole);
          broken[at] = (broken[at] ?? 0) ^ flip;
          writeFileSync(`${path}.2.gz`, broken);
          let found: string[] = [];
          try {
            found = (await read()).map(String);
          } catch (error) {
            expect(isAppError(error), String(error)).to.equal(true);
            expect(String(error)).to.match(/log\.2\.gz is damaged/);
            return;
          }
          // A byte that unpacking does not look at: a time, a system.
          expect(found).to.deep.equal(['old', 'newest']);
        },
      ),
      { numRuns: 100 },
    );
  });
});
