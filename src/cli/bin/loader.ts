/**
 * The bins themselves: runs the bundle's parts through a V8 code cache, which saves the compilation that would else be
 * the larger half of every command. Newer Nodes have one of their own (module.enableCompileCache), which is one for all
 * commands.
 *
 * Each command has caches of its own, with the functions that it needs and no others: V8 makes all of a cache's functions
 * anew, needed or not. One is used only when it is this user's or the bundle owner's, carries the key of this very build
 * and Node, and V8 takes it; it is written after a command's first run. Whatever goes wrong with it, the command runs as
 * without.
 */
import fs from 'node:fs';
import path from 'node:path';
import type vm from 'node:vm';

declare const CORACLE_PART: string;
declare const CORACLE_HASH: string;
/** Names of the bin's commands. */
declare const CORACLE_COMMANDS: readonly string[];
/** The global flags whose value is a word of its own. */
declare const CORACLE_VALUE_FLAGS: readonly string[];

/** What a part exports once it has run; `exitCode` settles when the command is done. */
interface PartModule {
  exports: { exitCode?: Promise<number> };
}

interface NewPart {
  readonly script: vm.Script;
  readonly cacheFile: string;
}

const folder = __dirname;
const key = [
  CORACLE_HASH,
  process.version,
  process.arch,
  process.execArgv,
  process.env.NODE_OPTIONS,
]
  .flat()
  .join(' ');
const loaded = new Map<string, PartModule>();
/** Parts that were compiled, as there was no cache for them. */
const compiled: NewPart[] = [];

function main(): void {
  const cacheFolder = usableCacheFolder();
  const { exitCode } = loadPart(`${CORACLE_PART}.cjs`, cacheFolder).exports;
  if (cacheFolder !== undefined) exitCode?.then(writeCaches, () => undefined);
}

function loadPart(name: string, cacheFolder: string | undefined): PartModule {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const filename = path.join(folder, name);
  // esbuild escapes everything beyond ASCII, and one-byte strings are the faster ones.
  const source = fs.readFileSync(filename, 'latin1');
  const cacheFile =
    cacheFolder && path.join(cacheFolder, `${name}.${commandOf(process.argv)}.cache`);
  const cachedData = cacheFile && readCache(cacheFile);
  const { Script } = require('node:vm') as typeof vm;
  const script = new Script(source, { filename, ...(cachedData ? { cachedData } : {}) });
  if (cacheFile && (!cachedData || script.cachedDataRejected)) compiled.push({ script, cacheFile });
  const part: PartModule = { exports: {} };
  loaded.set(name, part);
  const load = (id: string): unknown => {
    // All say `import { errorCodes }`, and few commands fail.
    if (id === './part-errors.cjs')
      return atFirstUse(() => loadPart(id.slice(2), cacheFolder).exports);
    if (id.startsWith('./part-')) return loadPart(id.slice(2), cacheFolder).exports;
    return slowModules.has(id) ? atFirstUse(() => require(id)) : require(id);
  };
  script.runInThisContext()(part.exports, load, part, filename, folder);
  return part;
}

/** Modules of Node that take milliseconds to load and that most commands only might need. */
const slowModules = new Set(
  [
    'child_process',
    'crypto',
    'dgram',
    'fs/promises',
    'http',
    'https',
    'net',
    'readline/promises',
    'stream',
    'tty',
    'zlib',
  ].map((name) => `node:${name}`),
);

/** Stands for a module until one of its members is looked at. */
function atFirstUse(real: () => object): unknown {
  return new Proxy(
    {},
    {
      get: (_target, name) => Reflect.get(real(), name),
      has: (_target, name) => name in real(),
      ownKeys: () => Reflect.ownKeys(real()),
      // The stand-in has no members of its own, and may only report such ones as can be changed.
      getOwnPropertyDescriptor: (_target, name) => {
        const found = Reflect.getOwnPropertyDescriptor(real(), name);
        return found === undefined ? undefined : { ...found, configurable: true };
      },
    },
  );
}

/** The command that is called: its name is the first word that is no flag and no flag's value. */
function commandOf([, , ...words]: readonly string[]): string {
  const at = words.findIndex(
    (word, index) => !word.startsWith('-') && !CORACLE_VALUE_FLAGS.includes(words[index - 1] ?? ''),
  );
  const word = words[at] ?? '';
  return CORACLE_COMMANDS.includes(word) ? word : 'other';
}

/** V8's data behind a line with the key. */
function readCache(file: string): Buffer | undefined {
  try {
    const bytes = fs.readFileSync(file);
    const end = bytes.indexOf(10);
    return bytes.toString('latin1', 0, end) === key ? bytes.subarray(end + 1) : undefined;
  } catch {
    // None yet: compiling is always possible.
    return undefined;
  }
}

function writeCaches(): void {
  for (const { script, cacheFile } of compiled) {
    try {
      fs.mkdirSync(path.dirname(cacheFile), { recursive: true, mode: 0o700 });
      const temporary = `${cacheFile}.${process.pid}`;
      fs.writeFileSync(
        temporary,
        Buffer.concat([Buffer.from(`${key}\n`), script.createCachedData()]),
        {
          mode: 0o600,
        },
      );
      fs.renameSync(temporary, cacheFile);
    } catch {
      // A full or read-only disk: the next run compiles again.
      return;
    }
  }
}

/**
 * Beside the bundle where that may be written, else in the user's cache folder; none where somebody else could have put
 * a file there, as a cache is code that will run.
 */
function usableCacheFolder(): string | undefined {
  const beside = path.join(folder, '.code-cache');
  const place = isWritable(folder) ? beside : path.join(userCacheFolder(), 'coracle');
  return isOurs(place) ? place : undefined;
}

function userCacheFolder(): string {
  const { homedir } = require('node:os') as { homedir: () => string };
  return process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache');
}

function isWritable(place: string): boolean {
  try {
    fs.accessSync(place, fs.constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function isOurs(place: string): boolean {
  let stat: fs.Stats | undefined;
  try {
    stat = fs.statSync(place, { throwIfNoEntry: false });
  } catch {
    // Another user's home: the command works without a cache.
    return false;
  }
  if (stat === undefined) return true;
  const owners = [process.geteuid?.(), fs.statSync(folder).uid];
  return owners.includes(stat.uid) && (stat.mode & 0o022) === 0;
}

main();
