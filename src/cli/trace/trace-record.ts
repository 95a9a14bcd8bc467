import type { Operation } from '../../compose/plan/index.ts';

/** A piece of time of one command, in milliseconds since its process started. */
export interface Span {
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** One operation of a plan as it ran. */
export interface OperationSpan extends Span {
  /** Unlike the plan's own ids, distinct over all plans that one command runs. */
  readonly key: string;
  /** Keys of the operations that had to be over before. */
  readonly before: readonly string[];
  readonly operation: Operation;
  readonly failed: boolean;
  /** What the native client was asked for meanwhile. */
  readonly native: readonly Span[];
}

/** What a traced command did and when. */
export interface TraceRecord {
  /** `compose up`. */
  readonly command: string;
  readonly totalMs: number;
  /** May lie within each other: making the engine ready is a part of observing. */
  readonly phases: readonly Span[];
  readonly operations: readonly OperationSpan[];
  /** What the native client was asked for outside of any operation. */
  readonly native: readonly Span[];
}
