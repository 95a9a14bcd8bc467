import { AppError, isAppError } from '../../core/index.ts';
import type { PlanOutcome } from './execute-plan.ts';

/**
 * The error that a command ends with after a plan run, or `undefined` where all went well. One failure is passed on;
 * of several, each keeps its own message, code and log lines in `details.errors`.
 *
 * The exit code is 1, whatever the step's own would be: those (127: not found) are for commands that stand for one
 * container, which ask for them with `keepExitCode`.
 */
export function planFailure(
  outcome: Pick<PlanOutcome, 'failures'>,
  keepExitCode = false,
): Error | undefined {
  const errors = outcome.failures.map(({ error }) => asError(error));
  const [first, ...others] = errors;
  if (first === undefined) return undefined;
  if (others.length > 0) {
    return new AppError('PROJECT_OPERATIONS_FAILED', `${errors.length} steps failed`, {
      cause: first,
      details: { errors },
    });
  }
  if (!isAppError(first) || keepExitCode || isAppError(first, 'CLI_INTERRUPTED')) return first;
  const { code, message, hint, details, cause } = first;
  return new AppError(code, message, {
    details,
    cause: cause ?? first,
    exitCode: 1,
    ...(hint === undefined ? {} : { hint }),
  });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
