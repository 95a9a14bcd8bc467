import { constants } from 'node:os';
import { AppError } from '../../core/index.ts';
import { spawnChild } from '../../runtime/index.ts';
import { containerPaths } from '../../state/index.ts';
import type { ExecOptions, ExecResult } from '../api.ts';
import type { EngineContext } from '../engine-context.ts';
import { observeContainer } from '../observe/observed-containers.ts';
import { notRunning } from './control-container.ts';

/**
 * Runs a command inside a container, as a child of this process (native/PROTOCOL.md, "exec").
 * @throws {AppError} `ENGINE_CONTAINER_NOT_RUNNING`, `ENGINE_CONTAINER_PAUSED`
 */
export async function execInContainer(
  context: EngineContext,
  idOrName: string,
  options: ExecOptions,
): Promise<ExecResult> {
  const { record, state } = observeContainer(context, idOrName);
  if (state.status === 'paused') {
    throw new AppError(
      'ENGINE_CONTAINER_PAUSED',
      `container ${record.name} is paused, unpause the container before exec`,
    );
  }
  if (state.status !== 'running') throw notRunning(record);
  const { dir, run } = containerPaths(context.roots, record.id);
  const child = spawnChild(context.nativeBinary, execArguments(dir, run, options), {
    // The environment of the caller is no business of the container's.
    env: {},
    stdio: options.stdio === 'inherit' ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  });
  const out = collect(child.stdout);
  const err = collect(child.stderr);
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? 128 + signalNumber(signal)));
  });
  return { exitCode, stdout: out(), stderr: err() };
}

function execArguments(dir: string, run: string, options: ExecOptions): string[] {
  return [
    'exec',
    ...['--run', run, '--dir', dir],
    ...(options.tty ? ['--tty'] : []),
    ...(options.env ?? []).flatMap((line) => ['--env', line]),
    ...(options.workingDir ? ['--cwd', options.workingDir] : []),
    ...(options.user ? ['--user', options.user] : []),
    ...(options.privileged ? ['--privileged'] : []),
    ...(options.detach ? ['--detach'] : []),
    '--',
    ...options.argv,
  ];
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = [];
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : constants.signals[signal];
}
