import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type BuildOptions, build, type Metafile, transform } from 'esbuild';

/**
 * Bundles a program into one file, of one function with CommonJS's parameters, in which what is imported by `import()`
 * stays closed until then.
 *
 * esbuild alone lifts the functions of all modules to the top of such a file, where V8 has to make something of each at
 * every start, also from a code cache. So its chunks, which it writes for ES modules only, become functions here.
 * @param options of the whole bundle, with its plugins
 */
export async function bundleProgram(
  entry: string,
  outfile: string,
  options: BuildOptions,
): Promise<Metafile> {
  const name = basename(outfile, '.cjs');
  const { outputFiles, metafile } = await build({
    ...options,
    entryPoints: { [name]: entry },
    outdir: dirname(outfile),
    chunkNames: 'chunk-[hash]',
    format: 'esm',
    splitting: true,
    write: false,
    metafile: true,
  });
  const chunks = await Promise.all(
    outputFiles.map(async ({ path, text }) => {
      const { code } = await transform(text, {
        format: 'cjs',
        platform: 'node',
        target: options.target ?? 'esnext',
        legalComments: 'none',
        minify: true,
        // As require() calls they go through the loader, and so through the code cache.
        supported: { 'dynamic-import': false },
      });
      return `${JSON.stringify(`./${basename(path)}`)}(exports,require,module){${code}}`;
    }),
  );
  mkdirSync(dirname(outfile), { recursive: true });
  writeFileSync(outfile, program(chunks, `./${name}.js`));
  return metafile;
}

/**
 * The function that holds the chunks; each of them runs once, when it is first asked for. The loader compiles the file as
 * it is: to put a function around a text of this size there would cost a copy of it at every start.
 */
function program(chunks: readonly string[], entry: string): string {
  return [
    '(function(exports,require,module,__filename,__dirname){"use strict";',
    `const chunks={${chunks.join(',\n')}};`,
    'const loaded={__proto__:null};',
    'function load(id){',
    'if(loaded[id]!==undefined)return loaded[id].exports;',
    'const chunk=Object.hasOwn(chunks,id)?chunks[id]:undefined;',
    'if(chunk===undefined)return require(id);',
    'const module=loaded[id]={exports:{}};',
    'chunk(module.exports,load,module);',
    'return module.exports}',
    `module.exports=load(${JSON.stringify(entry)});\n})`,
  ].join('\n');
}
