import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main, type Program } from '../main.ts';
import { processHost } from '../process-host.ts';

declare const __filename: string | undefined;

/** Runs a program on the real process and leaves its exit code for the process's end. */
export async function runProgram(program: Program): Promise<number> {
  const code = await main(program, process.argv.slice(2), processHost(bundleFolder()));
  process.exitCode = code;
  return code;
}

/** `dist` of the package; from sources, a folder beside `src`, so that both find the native build alike. */
function bundleFolder(): string {
  if (typeof __filename === 'string') return dirname(__filename);
  return resolve(dirname(fileURLToPath(import.meta.url)), '../../../dist');
}
