/**
 * The rules on who may import whom (ARCHITECTURE.md), kept by reading every import of src/. A rule that is
 * broken names the file and the import.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));

/** Folder → folders whose `index.ts` it may import. `types` stands for `import type` alone. */
const ALLOWED: Readonly<Record<string, Readonly<Record<string, 'values' | 'types'>>>> = {
  core: {},
  state: { core: 'values' },
  runtime: { core: 'values', state: 'values' },
  volume: { core: 'values', state: 'values', runtime: 'values' },
  network: { core: 'values', state: 'values', runtime: 'values' },
  image: { core: 'values', state: 'values', runtime: 'values' },
  build: { core: 'values', state: 'values', runtime: 'values', image: 'values' },
  engine: {
    core: 'values',
    state: 'values',
    runtime: 'values',
    volume: 'values',
    network: 'values',
    image: 'values',
  },
  compose: { core: 'values', engine: 'types' },
  watch: { core: 'values', runtime: 'values', engine: 'types', compose: 'values' },
  cli: {
    core: 'values',
    state: 'values',
    runtime: 'values',
    volume: 'values',
    network: 'values',
    image: 'values',
    build: 'values',
    engine: 'values',
    compose: 'values',
    watch: 'values',
  },
  // The commands without a terminal.
  stack: { core: 'values', engine: 'types', compose: 'types', watch: 'types', cli: 'values' },
  // The library's entry.
  'index.ts': {
    core: 'values',
    state: 'values',
    engine: 'values',
    compose: 'values',
    stack: 'values',
    watch: 'types',
    cli: 'values',
  },
};

/** The same inside compose: a plan is made without any way to act, and running one decides nothing. */
const ALLOWED_IN_COMPOSE: Readonly<Record<string, readonly string[]>> = {
  model: [],
  load: ['model'],
  plan: ['model'],
  observe: ['model', 'plan'],
  execute: ['plan'],
  diagnostics: ['model', 'load'],
  render: ['model', 'load'],
  support: ['model', 'load'],
};

/** Folders that may read the clock, the environment and the working directory by themselves. */
const MAY_READ_AMBIENT = /^(cli\/|core\/clock\.ts$)/;
const AMBIENT = /\bprocess\.(env|cwd\(\))|\bDate\.now\(|\bnew Date\(\)/;
const MAX_LINES = 600;

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isType: boolean;
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.includes('generated/'))
  .sort();
const sources = new Map(files.map((path) => [path, readFileSync(join(SRC, path), 'utf8')]));
const imports = [...sources].flatMap(([path, text]) => importsOf(path, text));

describe('architecture', () => {
  it('knows every folder of src', () => {
    expect(Object.keys(ALLOWED)).to.include.members([...new Set(files.map(folderOf))]);
  });

  it('lets a folder import only what its place in the layers allows', () => {
    const broken = imports.filter(({ from, to, isType }) => {
      const [own, other] = [folderOf(from), folderOf(to)];
      if (own === other) return false;
      const allowed = ALLOWED[own]?.[other];
      return allowed === undefined || (allowed === 'types' && !isType);
    });
    expect(broken.map(describeImport)).to.deep.equal([]);
  });

  it('reaches another folder through an index.ts only', () => {
    const broken = imports.filter(
      ({ from, to }) => folderOf(from) !== folderOf(to) && !to.endsWith('/index.ts'),
    );
    expect(broken.map(describeImport)).to.deep.equal([]);
  });

  it('keeps loading, planning, observing and executing apart', () => {
    const parts = imports.filter(({ from, to }) =>
      [from, to].every((path) => inCompose(path) !== ''),
    );
    const broken = parts.filter(({ from, to }) => {
      const [own, other] = [inCompose(from), inCompose(to)];
      if (own === other) return false;
      return !ALLOWED_IN_COMPOSE[own]?.includes(other) || !to.endsWith(`${other}/index.ts`);
    });
    expect(broken.map(describeImport)).to.deep.equal([]);
    expect(Object.keys(ALLOWED_IN_COMPOSE)).to.include.members([
      ...new Set(files.map(inCompose).filter((folder) => folder !== '')),
    ]);
  });

  it('has no import cycles', () => {
    expect(findCycles(imports.filter(({ isType }) => !isType))).to.deep.equal([]);
  });

  it('is told clock, environment and working directory, except in the command line', () => {
    const broken = [...sources].flatMap(([path, text]) =>
      MAY_READ_AMBIENT.test(path)
        ? []
        : withoutComments(text)
            .split('\n')
            .flatMap((line, index) => (AMBIENT.test(line) ? [`${path}:${index + 1}`] : [])),
    );
    expect(broken).to.deep.equal([]);
  });

  it(`keeps files under ${MAX_LINES} lines`, () => {
    const long = [...sources].filter(([, text]) => text.split('\n').length > MAX_LINES);
    expect(long.map(([path]) => path)).to.deep.equal([]);
  });

  it('opens each index.ts with what lives in its folder', () => {
    const silent = [...sources].filter(
      ([path, text]) => path.endsWith('/index.ts') && !text.startsWith('/**'),
    );
    expect(silent.map(([path]) => path)).to.deep.equal([]);
  });
});

describe('the rules themselves', () => {
  it('find type imports, value imports, re-exports and lazy imports', () => {
    const text = [
      "import type { A } from '../core/index.ts';",
      "import { b } from '../state/index.ts';",
      "export { c } from './c.ts';",
      "const d = await import('./d.ts');",
      "import {\n  e,\n} from './e.ts';",
      "// import { no } from './comment.ts';",
      "import { readFileSync } from 'node:fs';",
    ].join('\n');
    expect(
      importsOf('engine/x.ts', text).map(({ to, isType }) => [to, isType]),
    ).to.have.deep.members([
      ['core/index.ts', true],
      ['state/index.ts', false],
      ['engine/c.ts', false],
      ['engine/d.ts', false],
      ['engine/e.ts', false],
    ]);
  });

  it('find a cycle', () => {
    const edge = (from: string, to: string) => ({ from, to, isType: false });
    expect(
      findCycles([edge('a', 'b'), edge('b', 'c'), edge('c', 'a'), edge('c', 'd')]),
    ).to.deep.equal(['a → b → c → a']);
  });
});

function folderOf(path: string): string {
  return path.split('/')[0] ?? '';
}

/** `plan` of `compose/plan/labels.ts`; empty outside compose. */
function inCompose(path: string): string {
  const [top, folder = ''] = path.split('/');
  return top === 'compose' ? folder : '';
}

function describeImport({ from, to }: Import): string {
  return `${from} imports ${to}`;
}

function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ''))
    .replace(/(^|\s)\/\/.*$/gm, '');
}

function importsOf(path: string, text: string): Import[] {
  const code = withoutComments(text);
  const found: Import[] = [];
  const add = (specifier: string | undefined, isType: boolean) => {
    if (!specifier?.startsWith('.')) return;
    found.push({
      from: path,
      to: relative('.', normalize(join(dirname(path), specifier))),
      isType,
    });
  };
  for (const match of code.matchAll(/\b(?:import|export)\s+(type\s)?[^'";]*?from\s+'([^']+)'/g)) {
    add(match[2], match[1] !== undefined);
  }
  // A lazy import may close a circle harmlessly, but it still crosses folders.
  for (const match of code.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g)) add(match[1], false);
  return found;
}

function findCycles(edges: readonly Import[]): string[] {
  const next = new Map<string, string[]>();
  for (const { from, to } of edges) next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (node: string, path: readonly string[]) => {
    const at = path.indexOf(node);
    if (at >= 0) {
      cycles.push([...path.slice(at), node].join(' → '));
      return;
    }
    if (done.has(node)) return;
    for (const other of next.get(node) ?? []) visit(other, [...path, node]);
    done.add(node);
  };
  for (const node of next.keys()) visit(node, []);
  return cycles;
}
