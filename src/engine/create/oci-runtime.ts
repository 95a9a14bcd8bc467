import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../core/index.ts';

/** Names that mean Coracle's own runtime: Docker's default is taken as the default here. */
const own = new Set(['', 'runc', 'coracle']);

/**
 * Other runtimes by the names that Docker's users have for them. All make containers of namespaces on this kernel; one of a
 * virtual machine could not be joined, paused or measured as the engine does.
 */
const programs: Readonly<Record<string, string>> = {
  crun: 'crun',
  youki: 'youki',
  nvidia: 'nvidia-container-runtime',
};

/** Not the caller's PATH: what runs here is root. */
const folders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/**
 * The OCI runtime that `runtime:` names, as an absolute path; undefined is Coracle's own.
 * @throws {AppError} `ENGINE_RUNTIME_UNKNOWN`
 */
export function runtimeProgram(name: string | undefined): string | undefined {
  if (name === undefined || own.has(name)) return undefined;
  const program = Object.hasOwn(programs, name) ? programs[name] : undefined;
  if (program === undefined) {
    throw new AppError('ENGINE_RUNTIME_UNKNOWN', `unknown or invalid runtime name: ${name}`, {
      hint: `Known are ${[...own, ...Object.keys(programs)].filter(Boolean).join(', ')}.`,
    });
  }
  const path = folders.map((folder) => join(folder, program)).find(isExecutable);
  if (path !== undefined) return path;
  throw new AppError('ENGINE_RUNTIME_UNKNOWN', `the runtime ${name} is not installed`, {
    hint: `Install the program ${program} into one of ${folders.join(', ')}.`,
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
