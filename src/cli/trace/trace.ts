import { AsyncLocalStorage } from 'node:async_hooks';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Operation, Plan } from '../../compose/plan/index.ts';
import { operationText } from '../../compose/plan/index.ts';
import { AppError } from '../../core/index.ts';
import type { Host } from '../host.ts';
import { version } from '../version.ts';
import { chromeTrace } from './chrome-trace.ts';
import { printCriticalPath } from './critical-path.ts';
import type { OperationSpan, Span, TraceRecord } from './trace-record.ts';

/** What a trace is begun with. */
export interface TraceOptions {
  readonly host: Host;
  /** `compose up`. */
  readonly command: string;
  /** Where the events for chrome://tracing go; empty for the critical path alone. */
  readonly file: string;
  /** When the program's own code began to run, on the host's monotonic clock. */
  readonly begunMs: number;
}

type OpenOperation = { -readonly [Key in keyof OperationSpan]: OperationSpan[Key] } & {
  native: Span[];
};

/**
 * Notes what one command does and when, from the start of its process on. Exists only where `--trace` asks for it:
 * everybody who could tell it something looks first whether it is there.
 */
export class Trace {
  readonly #options: TraceOptions;
  readonly #descriptor: number | undefined;
  /** The process's start on the monotonic clock. */
  readonly #originMs: number;
  readonly #phases: Span[] = [];
  readonly #operations: OperationSpan[] = [];
  readonly #native: Span[] = [];
  /** Tells a native request which operation asked for it. */
  readonly #current = new AsyncLocalStorage<OpenOperation>();
  #plans = 0;

  /** @throws {AppError} `CLI_USAGE` where the file cannot be written; nothing has been done then. */
  constructor(options: TraceOptions) {
    this.#options = options;
    const { host, begunMs, file } = options;
    this.#descriptor = file === '' ? undefined : openTraceFile(resolve(host.cwd, file));
    const { ageMs, bootMs } = host.processAge();
    this.#originMs = host.monotonicMs() - ageMs;
    const begun = begunMs - this.#originMs;
    this.#phases.push(
      { name: 'start of node', startMs: 0, endMs: bootMs },
      { name: 'load the program', startMs: bootMs, endMs: begun },
      { name: 'read the command line', startMs: begun, endMs: this.#now() },
    );
  }

  /** Notes a phase around some work. */
  during<T>(name: string, work: () => T): T {
    const startMs = this.#now();
    const end = () => {
      this.#phases.push({ name, startMs, endMs: this.#now() });
    };
    let result: T;
    try {
      result = work();
    } catch (error) {
      end();
      throw error;
    }
    if (result instanceof Promise) return result.finally(end) as T;
    end();
    return result;
  }

  /** For the executor: notes each operation of one plan. */
  observerOf(_plan: Plan): <T>(operation: Operation, work: () => Promise<T>) => Promise<T> {
    this.#plans += 1;
    const prefix = `${this.#plans}`;
    return async (operation, work) => {
      const span: OpenOperation = {
        name: operationText(operation),
        key: `${prefix}${operation.id}`,
        before: [...operation.needs, ...(operation.after ?? [])].map((id) => `${prefix}${id}`),
        startMs: this.#now(),
        endMs: 0,
        operation,
        failed: true,
        native: [],
      };
      try {
        const outcome = await this.#current.run(span, work);
        span.failed = false;
        return outcome;
      } finally {
        span.endMs = this.#now();
        this.#operations.push(span);
      }
    };
  }

  /** For the native client: called with a request's name, returns what is called at its answer. */
  readonly nativeRequest = (name: string): (() => void) => {
    const startMs = this.#now();
    const spans = this.#current.getStore()?.native ?? this.#native;
    return () => spans.push({ name, startMs, endMs: this.#now() });
  };

  /** Ends the trace: writes the file and returns the critical path as text. */
  finish(): string {
    const record: TraceRecord = {
      command: this.#options.command,
      totalMs: this.#now(),
      phases: this.#phases,
      operations: this.#operations,
      native: this.#native,
    };
    if (this.#descriptor !== undefined) {
      writeFileSync(this.#descriptor, `${JSON.stringify(chromeTrace(record, version))}\n`);
      closeSync(this.#descriptor);
    }
    return printCriticalPath(record);
  }

  #now(): number {
    return this.#options.host.monotonicMs() - this.#originMs;
  }
}

function openTraceFile(path: string): number {
  try {
    return openSync(path, 'w', 0o644);
  } catch (cause) {
    const { message } = cause as Error;
    throw new AppError('CLI_USAGE', `--trace: cannot write ${path}: ${message}`, { cause });
  }
}
