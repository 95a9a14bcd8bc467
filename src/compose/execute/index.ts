/**
 * Runs plans: every operation becomes its engine calls, as parallel as the graph allows, with p-queue as the
 * limiter. It decides nothing; what to do was settled in `../plan`.
 *
 * A failure stops what needs it and nothing else; every failure is reported, with the last log lines of the
 * container it is about. What happens is told as {@link ProgressEvent}s; how that looks is the command line's matter.
 */
export {
  type ExecuteOptions,
  executePlan,
  type OperationFailure,
  type PlanOutcome,
} from './execute-plan.ts';
export { lastLogLines } from './last-log-lines.ts';
export { planFailure } from './plan-failure.ts';
export type { ProgressEvent, ProgressState } from './progress-event.ts';
