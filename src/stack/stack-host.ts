import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Host, type OutputStream, processHost } from '../cli/index.ts';
import type { StackOptions } from './stack-options.ts';

/** The process as a stack's commands see it: no terminal, no signals, and output that goes to who asked for it. */
export function stackHost({ cwd, env = {}, definition, onOutput }: StackOptions): Host {
  const host = processHost(join(packageFolder(), 'dist'));
  const output: OutputStream = {
    write(text) {
      onOutput?.(typeof text === 'string' ? text : Buffer.from(text).toString());
      return true;
    },
    isTTY: false,
    columns: 80,
  };
  const refuse = () => Promise.reject(new Error('a stack has nobody to ask'));
  return {
    ...host,
    env: { ...host.env, ...env },
    cwd: resolve(host.cwd, cwd ?? '.'),
    stdout: output,
    stderr: output,
    stdinIsTTY: false,
    readStdin: async () => JSON.stringify(definition),
    ask: refuse,
    askHidden: refuse,
    exitSoon: () => undefined,
    // The process's signals are its owner's: tests have their own way to end.
    onSignal: () => () => undefined,
  };
}

/** The folder that has `native/`: two above a source, one above the bundle. */
function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'native')) && dirname(folder) !== folder)
    folder = dirname(folder);
  return folder;
}
