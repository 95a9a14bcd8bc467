/**
 * Bundles the two bins and the library into `dist/`.
 *
 * - `compose.cjs`, `coracle.cjs`: tiny loaders (src/cli/bin/loader.ts) that run the parts through V8 code caches, one a command.
 * - `part-*.cjs`: the program, and what only some commands need, each loaded at its first `import()`.
 * - `index.mjs`: the library.
 * - `man/`: the manual pages.
 * - `meta.json`: esbuild's metafile.
 *
 * Usage: `npm run build` (after `scripts/generate.ts`).
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import type { Flag } from '../src/cli/command.ts';
import { composeCommands } from '../src/cli/compose-commands.ts';
import { coracleCommands } from '../src/cli/coracle-commands.ts';
import { globalFlags } from '../src/cli/global-flags.ts';
import { bundleProgram } from './bundle-program.ts';
import { manualPages } from './docs-commands.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');

/** Modules that become parts of their own where they are imported by `import()`: part name → file. */
const parts: Readonly<Record<string, string>> = {
  compose: 'src/cli/bin/compose.ts',
  coracle: 'src/cli/bin/coracle.ts',
  load: 'src/compose/load/index.ts',
  docker: 'src/engine/docker/index.ts',
  errors: 'src/core/error-codes/index.ts',
};
const lazyParts = ['load', 'docker', 'errors'];

const shared = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
  absWorkingDir: root,
  metafile: true,
} satisfies BuildOptions;

/** Imports of a lazy part stay calls at run time, of the part's file; only the part itself holds its modules. */
const keepPartsApart: Plugin = {
  name: 'keep-parts-apart',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^\.\.?\//, namespace: 'file' }, async ({ path, ...rest }) => {
      if (rest.kind === 'entry-point' || rest.pluginData === 'resolving') return undefined;
      const found = await resolve(path, { ...rest, pluginData: 'resolving' });
      const file = relative(root, found.path);
      const part = lazyParts.find((name) => parts[name] === file);
      if (part === undefined || rest.importer.startsWith(dirname(found.path))) return undefined;
      return { path: `./part-${part}.cjs`, external: true };
    });
  },
};

/** What dockerode brings for ways to a Docker Engine that we do not take: ssh, and the builder's gRPC. */
const leaveOut: Plugin = {
  name: 'leave-out',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(ssh2|protobufjs|@grpc\/.*)$/ }, ({ path }) => ({
      path,
      namespace: 'left-out',
    }));
    onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: 'module.exports = {};' }));
  },
};

const partOptions = {
  ...shared,
  define: { CORACLE_VERSION: JSON.stringify(packageVersion()), 'import.meta.url': 'undefined' },
  plugins: [keepPartsApart, leaveOut],
} satisfies BuildOptions;

async function buildParts(): Promise<Metafile[]> {
  return Promise.all(
    Object.entries(parts).map(([name, file]) =>
      bundleProgram(file, join(dist, `part-${name}.cjs`), partOptions),
    ),
  );
}

/**
 * A file that is a shell script to the shell and a string followed by a comment to Node. Node 20 takes an `--env-file` that
 * stands after the script's name for its own unless `--` comes first, and `#!` lines cannot pass that everywhere.
 */
const shellOpening = `#!/bin/sh\n':' //; exec node -- "$0" "$@"`;

async function buildLoaders(hash: string): Promise<void> {
  for (const [name, commands] of Object.entries({
    compose: composeCommands,
    coracle: coracleCommands,
  })) {
    await build({
      ...shared,
      entryPoints: ['src/cli/bin/loader.ts'],
      outfile: join(dist, `${name}.cjs`),
      format: 'cjs',
      banner: { js: shellOpening },
      define: {
        CORACLE_PART: JSON.stringify(`part-${name}`),
        CORACLE_HASH: JSON.stringify(hash),
        CORACLE_COMMANDS: JSON.stringify(Object.keys(commands)),
        CORACLE_VALUE_FLAGS: JSON.stringify(valueFlags(globalFlags)),
      },
    });
    chmodSync(join(dist, `${name}.cjs`), 0o755);
  }
}

/** The names of the flags whose value is the next word. */
function valueFlags(flags: readonly Flag[]): string[] {
  return flags
    .filter((flag) => flag.flags.includes('<'))
    .flatMap((flag) => flag.flags.split(/[ ,]+/).filter((word) => word.startsWith('-')));
}

async function buildLibrary() {
  return build({
    ...shared,
    entryPoints: ['src/index.ts'],
    outfile: join(dist, 'index.mjs'),
    format: 'esm',
    plugins: [leaveOut],
    // Bundled CommonJS (the YAML reader) still calls require for Node's own modules.
    banner: {
      js: "import { createRequire as createRequireForBundle } from 'node:module';\nconst require = createRequireForBundle(import.meta.url);",
    },
    define: { CORACLE_VERSION: JSON.stringify(packageVersion()) },
  });
}

function packageVersion(): string {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
}

/** Names the content of all parts, so that a code cache is never taken for that of another build. */
function hashOfParts(): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(parts)) hash.update(readFileSync(join(dist, `part-${name}.cjs`)));
  return hash.digest('hex').slice(0, 16);
}

mkdirSync(dist, { recursive: true });
for (const name of readdirSync(dist)) {
  if (/^part-|^\.code-cache$/.test(name)) rmSync(join(dist, name), { recursive: true });
}
const bins = await buildParts();
await buildLoaders(hashOfParts());
const library = await buildLibrary();
mkdirSync(join(dist, 'man'), { recursive: true });
for (const [name, page] of Object.entries(await manualPages())) {
  writeFileSync(join(dist, 'man', name), page);
}
writeFileSync(join(dist, 'meta.json'), JSON.stringify({ bins, library: library.metafile }));
for (const name of readdirSync(dist)) {
  const { size } = statSync(join(dist, name));
  if (/\.[cm]js$/.test(name)) process.stdout.write(`${name} ${Math.round(size / 1024)} KB\n`);
}
