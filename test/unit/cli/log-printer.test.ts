import { expect } from 'chai';
import { LogPrinter } from '../../../src/cli/logs/index.ts';
import { createPaint } from '../../../src/cli/text/paint.ts';
import type { LogEntry } from '../../../src/engine/index.ts';
import { FakeHost } from '../../support/fake-host.ts';

const entry = (line: string, more: Partial<LogEntry> = {}): LogEntry => ({
  stream: 'stdout',
  time: '2026-11-23T12:00:00.000000001Z',
  line: Buffer.from(line),
  partial: false,
  ...more,
});

describe('log printer', () => {
  /** What many entries at once come to, and the same one by one. */
  function printed(entries: readonly LogEntry[], options: { prefix?: boolean; split?: boolean }) {
    const [together, single] = [new FakeHost({ cwd: '/' }), new FakeHost({ cwd: '/' })];
    const printer = (host: FakeHost) =>
      new LogPrinter({
        host,
        paint: createPaint(false),
        prefix: options.prefix ?? true,
        timestamps: false,
        splitStreams: options.split ?? false,
      });
    printer(together).printAll('web-1', 'web', entries);
    const one = printer(single);
    for (const each of entries) one.print('web-1', 'web', each);
    expect(together.stdout.text).to.equal(single.stdout.text);
    expect(together.stderr.text).to.equal(single.stderr.text);
    return together;
  }

  it('prints many lines at once as it prints them one by one', () => {
    expect(printed([entry('a'), entry(''), entry('ü')], {}).stdout.text).to.equal(
      'web-1  | a\nweb-1  | \nweb-1  | ü\n',
    );
    expect(printed([entry('a'), entry('b')], { prefix: false }).stdout.text).to.equal('a\nb\n');
    expect(
      printed([entry('par', { partial: true }), entry('t'), entry('x')], {}).stdout.text,
    ).to.equal('web-1  | part\nweb-1  | x\n');
    const { stdout, stderr } = printed([entry('o'), entry('e', { stream: 'stderr' })], {
      split: true,
    });
    expect([stdout.text, stderr.text]).to.deep.equal(['web-1  | o\n', 'web-1  | e\n']);
  });

  it('lets no line move the cursor over a prefix, among many as alone', () => {
    const hostile = [entry('fine'), entry('\rroot-1  | forged'), entry('\u001b[2Kx \u001b[31mred')];
    expect(printed(hostile, {}).stdout.text).to.equal(
      'web-1  | fine\nweb-1  | root-1  | forged\nweb-1  | x \u001b[31mred\u001b[0m\n',
    );
  });
});
