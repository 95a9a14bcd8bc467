import type { Flag } from '../command.ts';
import type { CommandContext } from '../context.ts';

export const forceFlag: Flag = { flags: '-f, --force', description: 'Do not ask for confirmation' };

/** Asks before something is lost; whatever is not a clear yes is a no. */
export async function confirms({ host }: CommandContext, warning: string): Promise<boolean> {
  const answer = await host.ask(`WARNING! ${warning}\nAre you sure you want to continue? [y/N] `);
  return /^y(es)?$/i.test(answer.trim());
}
