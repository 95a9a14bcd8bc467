/**
 * Hostile compose files, each in a process of its own with a small heap: it has to end in an error that names what is wrong,
 * not in an abort of the heap, and its peak memory is held against a bound.
 */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { composeProgram, runCommand } from '../../support/command.ts';

/** MB; what a small file takes is about 60. */
const largestHeap = 192;
const largestPeak = 256;
const timeoutMs = 30_000;

const valid = 'services: {a: {image: x}}\n';

function bomb(levels: number, line: (level: number) => string, first: string): string {
  const lines = Array.from({ length: levels - 1 }, (_, index) => line(index + 1));
  return `${[first, ...lines].join('\n')}\n${valid}`;
}

const aliases = (level: number) =>
  `x-${level}: &x${level} [${Array(9)
    .fill(`*x${level - 1}`)
    .join(', ')}]`;
const mergeKeys = (level: number) =>
  `x-${level}: &x${level} {<<: *x${level - 1}, ${Array.from({ length: 6 }, (_, field) => `f${field}: *x${level - 1}`).join(', ')}}`;

interface HostileFile {
  readonly what: string;
  readonly files: Readonly<Record<string, string>>;
  /** Of the error; left out for a file that is only large, and has to load. */
  readonly says?: RegExp;
}

const hostile: readonly HostileFile[] = [
  {
    what: 'aliases that multiply to 9^30 values',
    files: { 'compose.yaml': bomb(30, aliases, 'x-0: &x0 [a, a, a]') },
    says: /compose\.yaml:\d+:\d+: error: .*values/,
  },
  {
    what: 'merge keys that multiply',
    files: { 'compose.yaml': bomb(30, mergeKeys, 'x-0: &x0 {k: {a: 1, b: 2}}') },
    says: /compose\.yaml:\d+:\d+: error: .*values/,
  },
  {
    what: 'a million brackets',
    files: { 'compose.yaml': `x-a: ${'['.repeat(1_000_000)}` },
    says: /compose\.yaml:\d+:\d+: error: /,
  },
  {
    what: 'a block nested a thousand levels deep',
    files: {
      'compose.yaml': `x-a:\n${Array.from({ length: 1000 }, (_, depth) => `${' '.repeat(depth + 1)}a:`).join('\n')}\n${valid}`,
    },
    says: /compose\.yaml:\d+:\d+: error: /,
  },
  {
    what: 'services that extend each other in a circle',
    files: { 'compose.yaml': 'services:\n  a: {extends: b}\n  b: {extends: a}\n' },
    says: /compose\.yaml:\d+:\d+: error: services extend each other in a circle: a -> b -> a/,
  },
  {
    what: 'files that include each other',
    files: {
      'compose.yaml': `include: [b.yaml]\n${valid}`,
      'b.yaml': 'include: [compose.yaml]\nservices: {b: {image: x}}\n',
    },
    says: /b\.yaml:1:11: error: files include each other in a circle/,
  },
  {
    what: 'an anchor inside itself under !reset',
    files: { 'compose.yaml': 'services: {a: &a {image: x, build: !reset {c: *a}}}\n' },
    says: /compose\.yaml:1:\d+: error: /,
  },
  {
    what: 'braces of variables that do not pair',
    files: {
      'compose.yaml': `services: {a: {image: x, hostname: "${`\${A:-{`.repeat(500_000)}"}}\n`,
    },
    says: /compose\.yaml:1:\d+: error: /,
  },
  {
    what: 'half a million variables',
    files: {
      'compose.yaml': `services: {a: {image: x, hostname: "${`\${A:-b}`.repeat(500_000)}"}}\n`,
    },
  },
  {
    what: 'variables in each of a hundred thousand values',
    files: {
      'compose.yaml': `${valid}x-a:\n${Array.from({ length: 100_000 }, (_, index) => `- "\${V${index}-x}"`).join('\n')}\n`,
    },
  },
];

describe('hostile compose files', function () {
  this.timeout(60_000);
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'coracle-hostile-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function config(): Promise<{ code: number; stderr: string; peakMb: number }> {
    const hook = join(folder, 'peak.cjs');
    writeFileSync(
      hook,
      "process.on('exit', () => require('node:fs').writeSync(1, `${process.resourceUsage().maxRSS}`));\n",
    );
    const node = [process.execPath, `--max-old-space-size=${largestHeap}`, '--require', hook];
    const { code, stdout, stderr } = await runCommand([...node, composeProgram, 'config', '-q'], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder },
      timeoutMs,
    });
    return { code, stderr, peakMb: Number(stdout) / 1024 };
  }

  for (const { what, files, says } of hostile) {
    it(`${says === undefined ? 'load' : 'end in an error'}: ${what}`, async () => {
      for (const [name, text] of Object.entries(files)) {
        writeFileSync(join(folder, name), text);
      }
      const { code, stderr, peakMb } = await config();
      expect(code, stderr.slice(0, 1000)).to.equal(says === undefined ? 0 : 1);
      if (says !== undefined) {
        expect(stderr.slice(0, 10_000)).to.match(says);
      }
      expect(stderr.length, 'what is printed').to.be.lessThan(100_000);
      expect(peakMb).to.be.greaterThan(30).and.lessThan(largestPeak);
    });
  }

  it('end in an error: a hundred megabytes', async () => {
    const path = join(folder, 'compose.yaml');
    writeFileSync(path, valid);
    truncateSync(path, 100 * 1024 * 1024);
    const { code, stderr, peakMb } = await config();
    expect(code).to.equal(1);
    expect(stderr).to.match(/compose\.yaml is larger than 4 MiB/);
    expect(peakMb)
      .to.be.greaterThan(30)
      .and.lessThan(largestPeak / 2);
  });

  for (const [what, service] of [
    ['an env file', 'env_file: /dev/zero'],
    ['a label file', 'label_file: /dev/zero'],
    ['a file to extend from', 'extends: {file: /dev/zero, service: a}'],
  ] as const) {
    it(`end in an error: ${what} that never ends`, async () => {
      writeFileSync(join(folder, 'compose.yaml'), `services: {a: {image: x, ${service}}}\n`);
      const { code, stderr, peakMb } = await config();
      expect(code).to.equal(1);
      expect(stderr).to.match(/compose\.yaml:1:\d+: error: \/dev\/zero is larger than 4 MiB/);
      expect(peakMb)
        .to.be.greaterThan(30)
        .and.lessThan(largestPeak / 2);
    });
  }
});
