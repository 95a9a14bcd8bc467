import { AppError, isAppError } from '../core/index.ts';
import type { CommandContext } from './context.ts';
import { sharedAbort } from './shared-abort.ts';

/**
 * Ends the work at Ctrl-C and after `timeoutS` seconds, where they are given; what is under way is waited for, nothing new begins.
 * @throws {AppError} `PROJECT_WAIT_TIMEOUT`, and whatever the work throws.
 */
export async function runWithin(
  context: CommandContext,
  timeoutS: number | undefined,
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const aborted = sharedAbort();
  const offs = (['SIGINT', 'SIGTERM'] as const).map((signal) =>
    context.host.onSignal(signal, () => {
      aborted.abort();
      // From now on the signal does what it always does: a second one ends the process at once.
      for (const off of offs) off();
    }),
  );
  let late = false;
  const timer =
    timeoutS === undefined
      ? undefined
      : setTimeout(() => {
          late = true;
          aborted.abort();
        }, timeoutS * 1000);
  try {
    await work(aborted.signal);
  } catch (error) {
    if (!late) throw error;
    throw waitTimeout(timeoutS ?? 0, error);
  } finally {
    clearTimeout(timer);
    for (const off of offs) off();
  }
}

/** Names the containers that were still waited for. */
function waitTimeout(timeoutS: number, cause: unknown): AppError {
  const errors = isAppError(cause, 'PROJECT_OPERATIONS_FAILED')
    ? (cause.details.errors as unknown[])
    : [cause];
  const names = errors.flatMap((error) =>
    isAppError(error, 'CLI_INTERRUPTED') && typeof error.details.container === 'string'
      ? [error.details.container]
      : [],
  );
  const who = names.length === 0 ? '' : `${names.join(', ')} `;
  const message = `timeout: ${who}not ready within ${timeoutS} seconds`;
  return new AppError('PROJECT_WAIT_TIMEOUT', message, { cause });
}
