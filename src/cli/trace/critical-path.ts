import type { OperationSpan, Span, TraceRecord } from './trace-record.ts';

/** A stretch of the critical path: a phase of the command, or an operation that the rest had to wait for. */
export interface PathSegment extends Span {
  readonly operation?: OperationSpan;
}

/**
 * What a command's whole time went to, without gaps or overlaps: shortening a segment would have made the command end
 * earlier. While a plan runs, it is the chain of operations that ends last, each with that one before it that it had to
 * wait for longest; at all other times the innermost phase.
 */
export function criticalPath(record: TraceRecord): PathSegment[] {
  const chain = chainOf(record.operations);
  const spans: readonly Span[] = [...record.phases, ...chain];
  const bounds = [0, record.totalMs, ...spans.flatMap(({ startMs, endMs }) => [startMs, endMs])]
    .filter((at) => at >= 0 && at <= record.totalMs)
    .sort((a, b) => a - b);
  const segments: PathSegment[] = [];
  for (const [index, startMs] of bounds.entries()) {
    const endMs = bounds[index + 1];
    if (endMs === undefined || endMs === startMs) continue;
    const covers = (span: Span) => span.startMs <= startMs && span.endMs >= endMs;
    const operation = chain.find(covers);
    const name = (operation ?? innermost(record.phases.filter(covers)))?.name ?? 'other';
    const last = segments.at(-1);
    if (last !== undefined && last.name === name && last.operation === operation) {
      segments[segments.length - 1] = { ...last, endMs };
    } else {
      segments.push({ name, startMs, endMs, ...(operation === undefined ? {} : { operation }) });
    }
  }
  return segments;
}

/** The operations that the end waited for, of every plan that was run. */
function chainOf(operations: readonly OperationSpan[]): OperationSpan[] {
  const byKey = new Map(operations.map((span) => [span.key, span]));
  const chain: OperationSpan[] = [];
  let at = latest(operations);
  while (at !== undefined) {
    chain.push(at);
    const { startMs, before } = at;
    const waitedFor = before.flatMap((key) => byKey.get(key) ?? []);
    // The first one of a plan: go on with the plan before it, if there was one.
    at = latest(waitedFor) ?? latest(operations.filter(({ endMs }) => endMs <= startMs));
  }
  return chain.reverse();
}

function latest(spans: readonly OperationSpan[]): OperationSpan | undefined {
  return spans.reduce<OperationSpan | undefined>(
    (best, span) => (best === undefined || span.endMs > best.endMs ? span : best),
    undefined,
  );
}

function innermost(spans: readonly Span[]): Span | undefined {
  return spans.reduce<Span | undefined>(
    (best, span) => (best === undefined || span.startMs >= best.startMs ? span : best),
    undefined,
  );
}

/** Phases below this, in tenths of a millisecond, are printed as one sum. */
const shortTenths = 10;

/**
 * The critical path as text. Boundaries are rounded, not durations, so that what is printed adds up to what is printed
 * as the whole.
 */
export function printCriticalPath(record: TraceRecord): string {
  const tenths = (ms: number) => Math.round(ms * 10);
  const decimal = (value: number) => (value / 10).toFixed(1);
  const row = (from: string, takes: string, what: string) =>
    `${from.padStart(9)} ${takes.padStart(9)}  ${what}`;
  const lines: string[] = [];
  let short = 0;
  for (const { name, startMs, endMs, operation } of criticalPath(record)) {
    const takes = tenths(endMs) - tenths(startMs);
    if (operation === undefined && takes < shortTenths) short += takes;
    else lines.push(row(decimal(tenths(startMs)), decimal(takes), `${name}${more(operation)}`));
  }
  if (short > 0) lines.push(row('', decimal(short), 'moments between these, each below 1 ms'));
  return [
    `Critical path of ${record.command}: ${decimal(tenths(record.totalMs))} ms`,
    row('from', 'takes', 'what'),
    ...lines,
    ...sideBySide(record.operations),
    '',
  ].join('\n');
}

function more(span: OperationSpan | undefined): string {
  if (span === undefined) return '';
  const native = span.native.map(
    ({ name, startMs, endMs }) => `${name} ${(endMs - startMs).toFixed(1)}`,
  );
  return [
    `: ${span.operation.cause}`,
    span.failed ? ' (failed)' : '',
    native.length === 0 ? '' : ` [${native.join(', ')}]`,
  ].join('');
}

function sideBySide(operations: readonly OperationSpan[]): string[] {
  if (operations.length === 0) return [];
  const work = operations.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  const first = Math.min(...operations.map(({ startMs }) => startMs));
  const last = Math.max(...operations.map(({ endMs }) => endMs));
  const noun = operations.length === 1 ? 'operation' : 'operations';
  return [
    `${operations.length} ${noun}: ${work.toFixed(1)} ms one after the other, ${(last - first).toFixed(1)} ms as they ran`,
  ];
}
