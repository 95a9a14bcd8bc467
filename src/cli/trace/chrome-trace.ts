import type { OperationSpan, Span, TraceRecord } from './trace-record.ts';

/** An event of the Trace Event Format, which chrome://tracing and Perfetto read; times in microseconds. */
export interface TraceEvent {
  /** `X` a piece of time, `M` a name, `s` and `f` the ends of an arrow. */
  readonly ph: 'X' | 'M' | 's' | 'f';
  readonly name: string;
  readonly cat?: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly id?: number;
  readonly bp?: 'e';
  readonly args?: Readonly<Record<string, unknown>>;
}

export interface ChromeTrace {
  readonly displayTimeUnit: 'ms';
  readonly otherData: Readonly<Record<string, string>>;
  readonly traceEvents: readonly TraceEvent[];
}

/**
 * The record for chrome://tracing: a lane for the command's phases and one for each resource, arrows from each
 * operation to those that waited for it, the native client's steps within the operation that asked for them.
 */
export function chromeTrace(record: TraceRecord, version: string): ChromeTrace {
  const lanes = new Lanes();
  const events: TraceEvent[] = [];
  const add = (lane: string, cat: string, span: Span, args?: TraceEvent['args']) => {
    const tid = lanes.place(lane, span);
    events.push({
      ph: 'X',
      cat,
      pid,
      tid,
      ...timesOf(span),
      name: span.name,
      ...(args && { args }),
    });
    return tid;
  };
  for (const phase of inOrder(record.phases)) add(record.command, 'phase', phase);
  const tids = new Map<string, number>();
  for (const span of inOrder(record.operations)) {
    const { kind, name } = span.operation.resource;
    tids.set(span.key, add(`${kind} ${name}`, 'operation', span, argsOf(span)));
    for (const native of inOrder(span.native)) add(`${kind} ${name}`, 'native', native);
  }
  for (const native of inOrder(record.native)) add('native client', 'native', native);
  return {
    displayTimeUnit: 'ms',
    otherData: { command: record.command, version },
    traceEvents: [
      { ph: 'M', name: 'process_name', pid, tid: 0, args: { name: record.command } },
      ...lanes.events(),
      ...events,
      ...arrows(record.operations, tids),
    ],
  };
}

const pid = 1;

function argsOf({ operation, failed }: OperationSpan): TraceEvent['args'] {
  const { id, action, service, cause, needs, after } = operation;
  return {
    id,
    operation: action.kind,
    ...(service === undefined ? {} : { service }),
    cause,
    needs,
    ...(after === undefined ? {} : { after }),
    ...(failed ? { failed } : {}),
  };
}

/** From where an operation ended to where one began that had to wait for it. */
function arrows(
  operations: readonly OperationSpan[],
  tids: ReadonlyMap<string, number>,
): TraceEvent[] {
  const byKey = new Map(operations.map((span) => [span.key, span]));
  let id = 0;
  return operations.flatMap((span) =>
    span.before.flatMap((key): TraceEvent[] => {
      const from = byKey.get(key);
      if (from === undefined) return [];
      id += 1;
      const shared = { name: 'needs', cat: 'needs', pid, id };
      // Within the piece of time, not at its very end: viewers bind an arrow to what covers its point.
      const leaves = Math.max(microseconds(from.startMs), microseconds(from.endMs) - 1);
      return [
        { ph: 's', ...shared, tid: tids.get(key) ?? 0, ts: leaves },
        {
          ph: 'f',
          bp: 'e',
          ...shared,
          tid: tids.get(span.key) ?? 0,
          ts: microseconds(span.startMs),
        },
      ];
    }),
  );
}

/** Rows of the picture. Pieces of one row lie apart or within each other, as viewers take them for calls. */
class Lanes {
  readonly #rows: { readonly lane: string; readonly spans: Span[] }[] = [];

  /** @returns the row, from 1. */
  place(lane: string, span: Span): number {
    const free = this.#rows.findIndex(
      (row) => row.lane === lane && row.spans.every((other) => isApartOrWithin(other, span)),
    );
    if (free >= 0) {
      this.#rows[free]?.spans.push(span);
      return free + 1;
    }
    this.#rows.push({ lane, spans: [span] });
    return this.#rows.length;
  }

  events(): TraceEvent[] {
    return this.#rows.flatMap(({ lane: name }, index): TraceEvent[] => [
      { ph: 'M', name: 'thread_name', pid, tid: index + 1, args: { name } },
      { ph: 'M', name: 'thread_sort_index', pid, tid: index + 1, args: { sort_index: index } },
    ]);
  }
}

function isApartOrWithin(a: Span, b: Span): boolean {
  const contains = (outer: Span, inner: Span) =>
    outer.startMs <= inner.startMs && outer.endMs >= inner.endMs;
  return a.endMs <= b.startMs || b.endMs <= a.startMs || contains(a, b) || contains(b, a);
}

function inOrder<T extends Span>(spans: readonly T[]): T[] {
  return [...spans].sort((a, b) => a.startMs - b.startMs || b.endMs - a.endMs);
}

function microseconds(ms: number): number {
  return Math.round(ms * 1000);
}

/** From rounded bounds, so that what lies within another piece does so to the microsecond. */
function timesOf({ startMs, endMs }: Span): { readonly ts: number; readonly dur: number } {
  const ts = microseconds(startMs);
  return { ts, dur: microseconds(endMs) - ts };
}
