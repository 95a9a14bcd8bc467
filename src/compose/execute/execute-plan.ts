import PQueue from 'p-queue';
import type { ComposeEngine } from '../../engine/index.ts';
import type { Operation, Plan } from '../plan/index.ts';
import { actionTexts, type ProgressEvent } from './progress-event.ts';
import { type OperationSurroundings, runOperation } from './run-operation.ts';
import { WaitGroup } from './wait/index.ts';

/**
 * What {@link executePlan} needs beside the plan and the engine. Once `signal` is aborted, no further operation
 * starts; those under way are waited for.
 */
export interface ExecuteOptions extends Omit<OperationSurroundings, 'waits'> {
  /** Engine calls under way at once; waiting for a condition does not count. Unlimited when left out. */
  readonly concurrency?: number;
  readonly onProgress?: (event: ProgressEvent) => void;
  /** Is handed each operation's work to do, once its turn has come: for measuring. */
  readonly around?: <T>(operation: Operation, work: () => Promise<T>) => Promise<T>;
}

/** An operation that failed and why. */
export interface OperationFailure {
  readonly operation: Operation;
  readonly error: unknown;
}

/** What became of a plan: every operation is in exactly one of the three. */
export interface PlanOutcome {
  readonly done: readonly Operation[];
  readonly failures: readonly OperationFailure[];
  /** Not tried: something that they need failed, or the run was aborted. */
  readonly skipped: readonly Operation[];
}

/**
 * Runs a plan, as parallel as its graph allows. A failure stops what needs the failed operation and nothing
 * else; all failures are returned, none is thrown.
 */
export async function executePlan(
  plan: Plan,
  engine: ComposeEngine,
  options: ExecuteOptions,
): Promise<PlanOutcome> {
  return new PlanRun(plan, engine, options).run();
}

class PlanRun {
  readonly #plan: Plan;
  readonly #engine: ComposeEngine;
  readonly #options: ExecuteOptions & OperationSurroundings;
  #queue: PQueue | undefined;
  readonly #startedMs: number;
  readonly #dependants = new Map<string, Operation[]>();
  readonly #missing = new Map<string, number>();
  readonly #givenUp = new Set<string>();
  readonly #done: Operation[] = [];
  readonly #failures: OperationFailure[] = [];
  readonly #running = new Set<Promise<void>>();

  constructor(plan: Plan, engine: ComposeEngine, options: ExecuteOptions) {
    this.#plan = plan;
    this.#engine = engine;
    this.#options = { ...options, waits: new WaitGroup() };
    this.#startedMs = options.monotonicMs();
    for (const operation of plan.operations) {
      const { needs, after = [] } = operation;
      this.#missing.set(operation.id, needs.length + after.length);
      for (const need of [...needs, ...after]) {
        const list = this.#dependants.get(need);
        if (list === undefined) this.#dependants.set(need, [operation]);
        else list.push(operation);
      }
    }
  }

  async run(): Promise<PlanOutcome> {
    for (const operation of this.#plan.operations) {
      if (this.#missing.get(operation.id) === 0) this.#launch(operation);
    }
    // A finished operation launches its dependants before it leaves the set, so an empty set is the end.
    while (this.#running.size > 0) await Promise.race(this.#running);
    const ended = new Set([...this.#done, ...this.#failures.map(({ operation }) => operation)]);
    return {
      done: this.#done,
      failures: this.#failures,
      skipped: this.#plan.operations.filter((operation) => !ended.has(operation)),
    };
  }

  #launch(operation: Operation): void {
    const work = () => this.#perform(operation);
    const running = holdsSlot(operation) ? this.#limiter().add(work) : work();
    const tracked: Promise<void> = running.then(() => {
      this.#running.delete(tracked);
    });
    this.#running.add(tracked);
  }

  #limiter(): PQueue {
    this.#queue ??= new PQueue({
      concurrency: this.#options.concurrency ?? Number.POSITIVE_INFINITY,
    });
    return this.#queue;
  }

  async #perform(operation: Operation): Promise<void> {
    if (this.#options.signal?.aborted) return;
    const texts = actionTexts[operation.action.kind];
    this.#report(operation, 'working', texts.working);
    try {
      const { around } = this.#options;
      const work = () => runOperation(operation, this.#engine, this.#options);
      const outcome = await (around === undefined ? work() : around(operation, work));
      this.#report(operation, outcome.state, outcome.text ?? texts.done);
    } catch (error) {
      this.#failures.push({ operation, error });
      this.#report(operation, 'error', 'Error');
      this.#giveUp(operation);
      return;
    }
    this.#done.push(operation);
    for (const dependant of this.#dependants.get(operation.id) ?? []) this.#release(dependant);
  }

  #release(operation: Operation): void {
    const left = (this.#missing.get(operation.id) ?? 0) - 1;
    this.#missing.set(operation.id, left);
    if (left === 0 && !this.#givenUp.has(operation.id)) this.#launch(operation);
  }

  /** What needs an operation that has failed will not be tried; what only comes after it goes on. */
  #giveUp(operation: Operation): void {
    for (const dependant of this.#dependants.get(operation.id) ?? []) {
      if (!dependant.needs.includes(operation.id)) this.#release(dependant);
      else if (!this.#givenUp.has(dependant.id)) {
        this.#givenUp.add(dependant.id);
        this.#giveUp(dependant);
      }
    }
  }

  #report(operation: Operation, state: ProgressEvent['state'], text: string | undefined): void {
    if (text === undefined) return;
    this.#options.onProgress?.({
      resource: operation.resource,
      state,
      text,
      atMs: this.#options.monotonicMs() - this.#startedMs,
    });
  }
}

/**
 * A wait holds no slot: with --parallel 1 it would keep out the very start that it waits for. What is kept asks
 * nothing of the engine.
 */
function holdsSlot({ action }: Operation): boolean {
  return action.kind !== 'waitFor' && action.kind !== 'keepContainer';
}
