import { closeSync, openSync, renameSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { AppError } from '../core/index.ts';
import type { CommandContext } from './context.ts';
import { refuseTerminal } from './refuse-terminal.ts';

/**
 * Writes a container's root as a tar archive to a file, which appears whole or not at all, or to standard output.
 * @throws {AppError} `CLI_USAGE`, `ENGINE_CONTAINER_NOT_FOUND`
 */
export async function exportTo(
  context: CommandContext,
  id: string,
  output: string | undefined,
): Promise<void> {
  const engine = await context.engine();
  if (output === undefined) {
    refuseTerminal(context);
    await engine.exportContainer(id, 1);
    return;
  }
  const path = resolve(context.host.cwd, output);
  const unfinished = `${path}.${process.pid}.new`;
  let file: number;
  try {
    file = openSync(unfinished, 'wx', 0o600);
  } catch (cause) {
    const why = (cause as Error).message.replace(/^[A-Z]+: /, '').replace(/, open .*/, '');
    throw new AppError('CLI_USAGE', `cannot write ${path}: ${why}`, {
      cause,
      hint: 'Name a file in a folder that exists and can be written.',
    });
  }
  try {
    await engine.exportContainer(id, file);
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}
