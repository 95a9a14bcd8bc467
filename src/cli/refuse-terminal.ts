import { AppError } from '../core/index.ts';
import type { CommandContext } from './context.ts';

/** An archive on the screen helps nobody. @throws {AppError} `CLI_USAGE` */
export function refuseTerminal({ host }: CommandContext): void {
  if (!host.stdout.isTTY) return;
  throw new AppError('CLI_USAGE', 'cowardly refusing to save to a terminal', {
    hint: 'Redirect the output, or name a file with -o.',
  });
}
