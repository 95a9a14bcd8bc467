import { AppError, isAppError } from '../../core/index.ts';
import type { OperationFailure, PlanOutcome } from './execute-plan.ts';

/**
 * The error that a command ends with after a plan run, or `undefined` where all went well. One failure is passed on as
 * it is; of several, each keeps its own message, code and log lines in `details.errors`.
 */
export function planFailure(outcome: PlanOutcome): Error | undefined {
  const [first, ...others] = outcome.failures;
  if (first === undefined) return undefined;
  if (others.length === 0) return asError(first);
  const errors = outcome.failures.map(asError);
  return new AppError('PROJECT_OPERATIONS_FAILED', `${errors.length} steps failed`, {
    cause: errors[0],
    details: { errors },
    exitCode: exitCodeOf(errors[0]),
  });
}

function asError({ error }: OperationFailure): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function exitCodeOf(error: unknown): number {
  return isAppError(error) ? error.exitCode : 1;
}
