import { spawn } from 'node:child_process';
import { AppError } from '../core/index.ts';

/**
 * Node's `spawn`, but for one case: where no pipe can be made because too many files are open, Node hands out a child without
 * streams, which every caller would trip over.
 * @throws {AppError} `HOST_FILES_EXHAUSTED`
 */
export const spawnChild = ((...args: Parameters<typeof spawn>) => {
  const child = spawn(...args);
  if (child.stdin !== undefined) return child;
  // Told below; unheard, it would end this process.
  child.on('error', () => undefined);
  throw new AppError('HOST_FILES_EXHAUSTED', `cannot run ${args[0]}: too many open files`);
}) as typeof spawn;
