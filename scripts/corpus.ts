/**
 * Compares our loader with Docker Compose on compose files that other people wrote.
 *
 * Usage: `npm run corpus [-- --all] [FILTER]`: per source, how many cases agree (the same model, or both reject), then
 * the first differences of the rest; `--all` prints every difference. Reads `../shared/corpus/compose` in place.
 */
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { loadProjectDetailed, systemFileReader } from '../src/compose/load/index.ts';
import { projectJson } from '../src/compose/render/index.ts';

interface CorpusCase {
  readonly id: string;
  readonly files: readonly string[];
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

interface Expected {
  readonly exit: number;
  readonly stderr: string;
  readonly model?: unknown;
}

export interface CaseOutcome {
  readonly id: string;
  readonly agrees: boolean;
  /** Why not, in a few lines. */
  readonly differences: readonly string[];
}

/** Without links: paths to watch come out resolved, and must still be found to begin with the case's folder. */
const corpus = resolved(
  join(dirname(fileURLToPath(import.meta.url)), '../../shared/corpus/compose'),
);

function resolved(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

export function corpusFolders(root: string = corpus): string[] {
  if (!existsSync(root)) {
    return [];
  }
  return readdirSync(root).flatMap((source) =>
    readdirSync(join(root, source))
      .map((name) => join(root, source, name))
      .filter((folder) => existsSync(join(folder, 'case.json'))),
  );
}

export function runCase(folder: string): CaseOutcome {
  const { id, files, args, env } = readJson(join(folder, 'case.json')) as CorpusCase;
  const expected = readJson(join(folder, 'expected.json')) as Expected;
  const directory = join(folder, 'p');
  const { project, diagnostics } = loadProjectDetailed({
    files,
    cwd: directory,
    env: { HOME: '/root', PATH: '/usr/bin:/bin', PWD: directory, ...env },
    reader: systemFileReader,
    profiles: args.flatMap((arg, index) => (args[index - 1] === '--profile' ? [arg] : [])),
  });
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (project === undefined) {
    const rejects = expected.exit !== 0;
    const messages = errors.map((error) => `  ours: ${error.message}`);
    return { id, agrees: rejects, differences: rejects ? [] : ['we reject it', ...messages] };
  }
  if (expected.exit !== 0) {
    const last = expected.stderr.trim().split('\n').at(-1) ?? '';
    return { id, agrees: false, differences: ['we accept it', `  theirs: ${last}`] };
  }
  const text = projectJson(project)
    .replaceAll('$', '$$$$')
    .replaceAll(`${directory}/`, () => `${placeholder('DIR')}/`)
    .replaceAll(`"${directory}"`, () => `"${placeholder('DIR')}"`)
    .replaceAll(corpus, () => placeholder('CORPUS'));
  const differences = [...compare(JSON.parse(text), expected.model, '')];
  return { id, agrees: differences.length === 0, differences };
}

/** What the recorded answers have in place of folders of the machine that made them. */
function placeholder(name: string): string {
  return `\${${name}}`;
}

function* compare(ours: unknown, theirs: unknown, path: string): Generator<string> {
  if (isDeepStrictEqual(ours, theirs)) {
    return;
  }
  if (isObject(ours) && isObject(theirs)) {
    for (const key of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
      yield* compare(ours[key], theirs[key], path === '' ? key : `${path}.${key}`);
    }
    return;
  }
  yield `  ${path}: ours ${JSON.stringify(ours)}, theirs ${JSON.stringify(theirs)}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function main(args: readonly string[]): void {
  const showAll = args.includes('--all');
  const filter = args.find((arg) => !arg.startsWith('--')) ?? '';
  const folders = corpusFolders().filter((folder) => folder.includes(filter));
  if (folders.length === 0) {
    console.log(`no cases: ${corpus} is missing, or nothing matches "${filter}"`);
    return;
  }
  const outcomes = folders.map((folder) => ({
    source: folder.slice(corpus.length + 1).split('/')[0] ?? '',
    ...runCase(folder),
  }));
  for (const source of new Set(outcomes.map((one) => one.source))) {
    const mine = outcomes.filter((one) => one.source === source);
    const agreed = mine.filter((one) => one.agrees).length;
    console.log(`${source.padEnd(40)} ${String(agreed).padStart(4)} of ${mine.length}`);
  }
  const agreed = outcomes.filter((one) => one.agrees).length;
  console.log(
    `${'all'.padEnd(40)} ${String(agreed).padStart(4)} of ${outcomes.length} (${((agreed / outcomes.length) * 100).toFixed(1)} %)`,
  );
  for (const { id, agrees, differences } of outcomes) {
    if (!agrees) {
      console.log(`\n${id}\n${differences.slice(0, showAll ? undefined : 3).join('\n')}`);
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main(process.argv.slice(2));
}
