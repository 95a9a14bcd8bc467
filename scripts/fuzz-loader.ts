/**
 * Throws broken and hostile compose files at the loader: texts put together from pieces of YAML and of the file format,
 * and mutations of files under `../shared/corpus` and `fixtures`. Any exception, a load of more than five seconds or more
 * than 1 GiB of memory is a failure; the text is printed.
 *
 * Usage: `node --import tsx scripts/fuzz-loader.ts [SECONDS [SEED]]` (60 seconds when left out)
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadProjectDetailed } from '../src/compose/load/index.ts';
import { projectJson, projectYaml } from '../src/compose/render/index.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const longestLoadMs = 5000;
const mostMemory = 1024 ** 3;

const pieces = [
  ...[
    'services:',
    '  a:',
    '    image: x',
    '    build: .',
    '    ports: ["80:80"]',
    'networks:',
    'volumes:',
  ],
  ...[
    '    extends: a',
    '    extends: {service: a, file: compose.yaml}',
    'include: [compose.yaml]',
    '    <<: *x',
  ],
  ...[
    '&x ',
    '*x',
    '!reset ',
    '!override ',
    '!!str ',
    '? ',
    '- ',
    ': ',
    '{',
    '}',
    '[',
    ']',
    ', ',
    '|',
    '>-',
    '"',
    "'",
  ],
  ...[
    '${A:-${B}}',
    '${A:?}',
    '$$',
    '${',
    '$A',
    '#',
    '\t',
    '\r\n',
    '---',
    '...',
    '%YAML 1.2',
    '\u0000',
    '\ufeff',
    'é',
  ],
  ...[
    'null',
    '~',
    'true',
    '0644',
    '1e999',
    '.inf',
    '-1',
    '2020-01-01',
    '',
    ' ',
    '  ',
    '\n',
    '\n  ',
    '\n    ',
    '\n      ',
  ],
  ...[
    'depends_on: [a]',
    'environment:',
    'deploy:',
    'secrets:',
    'configs:',
    'healthcheck:',
    'command: a "b',
    'x-a: ',
    '__proto__: ',
  ],
];

/** A small generator with a seed, so that a failure can be made again. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

function examples(): string[] {
  const folders = [join(root, '../shared/corpus/compose'), join(root, 'fixtures')];
  return folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
        .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name))
        .filter(({ parentPath }) => !parentPath.includes('node_modules'))
        .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8')),
    )
    .filter((text) => text.length < 20_000);
}

function makeText(random: () => number, texts: readonly string[]): string {
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
  if (texts.length === 0 || random() < 0.4) {
    return Array.from({ length: 1 + Math.floor(random() * 40) }, () => pick(pieces)).join(
      random() < 0.5 ? '' : '\n',
    );
  }
  let text = pick(texts);
  for (let change = 0; change < 1 + random() * 4; change += 1) {
    const at = Math.floor(random() * text.length);
    const length = Math.floor(random() * 30);
    const insert = random() < 0.5 ? pick(pieces) : pick(texts).slice(at, at + length);
    text = text.slice(0, at) + insert + text.slice(at + (random() < 0.5 ? length : 0));
  }
  return text;
}

function load(text: string): void {
  const bytes = new TextEncoder().encode(text);
  const result = loadProjectDetailed({
    cwd: '/p',
    env: { HOME: '/root', A: 'a' },
    reader: {
      read: (path) => (path === '/p/compose.yaml' ? bytes : undefined),
      kind: (path) => (path === '/p/compose.yaml' ? 'file' : undefined),
    },
  });
  if (result.project !== undefined) {
    projectJson(result.project);
    projectYaml(result.project);
  } else if (!result.diagnostics.some(({ severity }) => severity === 'error')) {
    throw new Error('no project and no error');
  }
}

function main([seconds = '60', seed = String(Date.now() % 2 ** 31)]: readonly string[]): number {
  if (!/^\d+$/.test(seconds) || !/^\d+$/.test(seed)) {
    console.error('usage: fuzz-loader.ts [SECONDS [SEED]], two whole numbers');
    return 2;
  }
  const texts = examples();
  const random = randomFrom(Number(seed));
  const end = Date.now() + Number(seconds) * 1000;
  let runs = 0;
  let slowest = 0;
  for (; Date.now() < end; runs += 1) {
    const text = makeText(random, texts);
    const start = performance.now();
    try {
      load(text);
    } catch (error) {
      console.error(`failed after ${runs} files, seed ${seed}:\n${JSON.stringify(text)}`);
      console.error(error);
      return 1;
    }
    const tookMs = performance.now() - start;
    slowest = Math.max(slowest, tookMs);
    if (tookMs > longestLoadMs || process.memoryUsage.rss() > mostMemory) {
      console.error(`took ${tookMs.toFixed(0)} ms, seed ${seed}:\n${JSON.stringify(text)}`);
      return 1;
    }
  }
  console.log(`${runs} files, slowest ${slowest.toFixed(0)} ms, seed ${seed}`);
  return 0;
}

process.exitCode = main(process.argv.slice(2));
