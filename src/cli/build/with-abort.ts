import { AppError } from '../../core/index.ts';
import type { CommandContext } from '../context.ts';
import { sharedAbort } from '../shared-abort.ts';

/** Runs work that Ctrl-C ends in order: what is under way is stopped and cleaned up. A second one ends the process at once. */
export async function withAbort<T>(
  context: CommandContext,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const aborted = sharedAbort();
  const offs = (['SIGINT', 'SIGTERM'] as const).map((signal) =>
    context.host.onSignal(signal, () => {
      aborted.abort();
      for (const off of offs) off();
    }),
  );
  try {
    return await work(aborted.signal);
  } catch (error) {
    if (!aborted.signal.aborted) throw error;
    throw new AppError('CLI_INTERRUPTED', 'interrupted', { exitCode: 130, cause: error });
  } finally {
    for (const off of offs) off();
  }
}
