import { spawn } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../core/index.ts';
import {
  isAlive,
  isErrno,
  ownIdentity,
  type ProcessIdentity,
  readRecord,
  type StateRoots,
  writeFileAtomic,
} from '../../state/index.ts';
import type { CommandContext } from '../context.ts';
import type { GlobalOptions } from '../global-flags.ts';
import { printWarning } from '../run-plan.ts';

/** A watch that works in the background: `<run>/watch/<project>.json`, written by itself. */
export interface BackgroundWatch extends ProcessIdentity {
  readonly services: readonly string[];
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
}

/** The descriptor on which a watch in the background tells its starter that it misses nothing any more. */
const readyFd = 3;
/** What is under way is finished first: a build may take its time. */
const endMs = 10_000;
const pollMs = 20;

function folderOf(roots: StateRoots): string {
  return join(roots.run, 'watch');
}

function recordOf(roots: StateRoots, project: string): string {
  return join(folderOf(roots), `${project}.json`);
}

function logOf(roots: StateRoots, project: string): string {
  return join(folderOf(roots), `${project}.log`);
}

/** The project's watch in the background; undefined where there is none, or it has died. */
export function readBackgroundWatch(
  roots: StateRoots,
  project: string,
): BackgroundWatch | undefined {
  const record = readRecord(recordOf(roots, project)) as BackgroundWatch | undefined;
  return record !== undefined && isAlive(record) ? record : undefined;
}

/**
 * Starts this program anew as a watch of its own session, and waits until it watches.
 * @returns its pid and where its output goes.
 * @throws {AppError} what the watch itself said, where it could not start.
 */
export async function startBackgroundWatch(
  context: CommandContext,
  project: string,
  services: readonly string[],
): Promise<{ readonly pid: number; readonly log: string }> {
  const { host, options, roots } = context;
  mkdirSync(folderOf(roots), { recursive: true, mode: 0o700 });
  const log = logOf(roots, project);
  const output = openSync(log, 'w', 0o600);
  const [program = '', ...own] = host.ownCommand;
  const argv = [...own, ...globalArguments(options), 'watch', '--no-up', '--quiet'];
  const child = spawn(program, [...argv, '--background', ...services], {
    cwd: host.cwd,
    env: host.env as NodeJS.ProcessEnv,
    detached: true,
    stdio: ['ignore', output, output, 'pipe'],
  });
  closeSync(output);
  const said = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.once('error', reject);
    child.stdio[readyFd]?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    child.stdio[readyFd]?.once('close', () => resolve(text));
  });
  child.unref();
  if (said !== '') return { pid: child.pid ?? 0, log };
  const text = readFileSync(log, 'utf8').trim();
  forget(roots, project);
  throw new AppError('WATCH_BACKGROUND_FAILED', `the watch in the background has ended: ${text}`);
}

/** Called by the watch in the background itself, once nothing is missed any more. */
export function announceBackgroundWatch(
  context: CommandContext,
  project: string,
  services: readonly string[],
): void {
  const { host, roots } = context;
  const record: BackgroundWatch = { ...ownIdentity(), services, sinceMs: host.now() };
  writeFileAtomic(recordOf(roots, project), `${JSON.stringify(record)}\n`, 0o600);
  writeSync(readyFd, 'ready');
  closeSync(readyFd);
}

/** Removes what a watch in the background wrote; called by itself at its end, and by who finds it dead. */
export function forgetBackgroundWatch(context: CommandContext, project: string): void {
  const record = readRecord(recordOf(context.roots, project)) as BackgroundWatch | undefined;
  if (record !== undefined && record.pid !== ownIdentity().pid && isAlive(record)) return;
  forget(context.roots, project);
}

/** Ends the project's watch in the background, if there is one; what it has begun is finished. */
export async function stopBackgroundWatch(
  context: CommandContext,
  project: string,
): Promise<boolean> {
  const watch = readBackgroundWatch(context.roots, project);
  if (watch !== undefined) {
    process.kill(watch.pid, 'SIGTERM');
    const deadline = context.host.monotonicMs() + endMs;
    while (isAlive(watch) && context.host.monotonicMs() < deadline) await context.sleep(pollMs);
    if (isAlive(watch)) process.kill(watch.pid, 'SIGKILL');
  }
  forget(context.roots, project);
  return watch !== undefined;
}

/** Two watches would do everything twice. */
export async function takeOverBackgroundWatch(
  context: CommandContext,
  project: string,
): Promise<void> {
  if (await stopBackgroundWatch(context, project)) {
    printWarning(
      context,
      `project ${project} was watched in the background; this watch takes over`,
    );
  }
}

function forget(roots: StateRoots, project: string): void {
  rmSync(recordOf(roots, project), { force: true });
  rmSync(logOf(roots, project), { force: true });
  try {
    rmdirSync(folderOf(roots));
  } catch (error) {
    // ENOTEMPTY: other projects are watched; ENOENT: none ever was.
    if (!isErrno(error, 'ENOTEMPTY') && !isErrno(error, 'ENOENT')) throw error;
  }
}

/** The global flags as they were given; variables are in the environment, which is passed on. */
function globalArguments(options: GlobalOptions): string[] {
  return [
    ...options.files.flatMap((file) => ['--file', file]),
    ...options.envFiles.flatMap((file) => ['--env-file', file]),
    ...options.profiles.flatMap((profile) => ['--profile', profile]),
    ...(options.projectName === undefined ? [] : ['--project-name', options.projectName]),
    ...(options.projectDirectory === undefined
      ? []
      : ['--project-directory', options.projectDirectory]),
    ...(options.allowRemote ? ['--allow-remote'] : []),
    ...(options.debug ? ['--debug'] : []),
    '--ansi',
    'never',
  ];
}
