import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { promisify } from 'node:util';
import type { SourceRange } from '../../core/index.ts';
import type { SecretSource } from '../build-options.ts';
import { dockerfileError } from '../dockerfile/dockerfile-error.ts';
import type { BuildRun } from '../graph/build-run.ts';
import type { MountWork } from './run-mounts.ts';

/** As many bytes as Docker takes. */
const largestSecret = 500 * 1024;

/** @throws {AppError} `BUILD_SECRET_MISSING` where its file cannot be read or is too large. */
export function secretContent(
  source: SecretSource | undefined,
  id: string,
  range: SourceRange,
): Buffer | undefined {
  if (source === undefined) return undefined;
  if (source.kind === 'value') return Buffer.from(source.value);
  let content: Buffer;
  try {
    content = readFileSync(source.path);
  } catch (cause) {
    throw missing(range, `secret ${id}: cannot read ${source.path}`, cause);
  }
  if (content.length <= largestSecret) return content;
  throw missing(range, `secret ${id}: ${source.path} is larger than ${largestSecret} bytes`);
}

/**
 * The socket of an agent: the one that was given, or one of an agent that holds the key that was given, for as long as the step
 * runs.
 */
export async function sshSocket(
  run: BuildRun,
  given: string,
  range: SourceRange,
  work: MountWork,
): Promise<string> {
  const stat = statSync(given, { throwIfNoEntry: false });
  if (stat === undefined) throw missing(range, `ssh: ${given} does not exist`);
  if (stat.isSocket()) return given;
  const socket = `${work.folder}/agent.sock`;
  const env = { PATH: run.builder.env.PATH, SSH_AUTH_SOCK: socket };
  try {
    const { stdout } = await promisify(execFile)('ssh-agent', ['-a', socket], { env });
    const [, pid] = /SSH_AGENT_PID=(\d+)/.exec(stdout) ?? [];
    work.cleanUp.push(() => {
      if (pid !== undefined) process.kill(Number(pid));
    });
    await promisify(execFile)('ssh-add', [given], { env });
  } catch (cause) {
    throw missing(range, `ssh: no agent could be started for ${given}`, cause);
  }
  return socket;
}

function missing(range: SourceRange, message: string, cause?: unknown): Error {
  return dockerfileError(range, message, { code: 'BUILD_SECRET_MISSING', cause });
}
