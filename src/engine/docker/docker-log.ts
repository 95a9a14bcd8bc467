import type Dockerode from 'dockerode';
import type { LogEntry, LogOptions } from '../api.ts';
import { readFrames } from './frames.ts';
import { answered } from './refusal.ts';

/** A container's log, line by line, with the times that Docker puts before each. */
export async function* dockerLog(
  container: Dockerode.Container,
  { follow = false, tail = 'all', since, until, signal }: LogOptions = {},
): AsyncGenerator<LogEntry> {
  const { Config } = await answered(container.inspect());
  const common = {
    stdout: true,
    stderr: true,
    timestamps: true,
    ...(tail === 'all' ? {} : { tail }),
    ...(since === undefined ? {} : { since: seconds(since) }),
    ...(until === undefined ? {} : { until: seconds(until) }),
  };
  const source = await logSource(container, common, follow, signal);
  const open = { stdout: '', stderr: '' };
  for await (const { stream, bytes } of readFrames(source, Config.Tty)) {
    const lines = `${open[stream]}${bytes.toString('latin1')}`.split('\n');
    open[stream] = lines.pop() ?? '';
    for (const line of lines) yield entry(stream, line);
  }
  for (const stream of ['stdout', 'stderr'] as const) {
    if (open[stream] !== '') yield { ...entry(stream, open[stream]), partial: true };
  }
}

async function logSource(
  container: Dockerode.Container,
  options: Dockerode.ContainerLogsOptions,
  follow: boolean,
  signal: AbortSignal | undefined,
): Promise<AsyncIterable<Buffer>> {
  if (!follow) {
    const all = await answered(container.logs({ ...options, follow: false }));
    return (async function* () {
      yield all;
    })();
  }
  const stream = await answered(
    container.logs({
      ...options,
      follow: true,
      ...(signal === undefined ? {} : { abortSignal: signal }),
    }),
  );
  return untilAborted(stream as unknown as AsyncIterable<Buffer>, signal);
}

/** An abort ends the stream, without being an error. */
async function* untilAborted(
  source: AsyncIterable<Buffer>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  try {
    yield* source;
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}

/** `2026-11-23T10:00:00.123456789Z the line`; bytes go through `latin1` unharmed. */
function entry(stream: 'stdout' | 'stderr', text: string): LogEntry {
  const at = text.indexOf(' ');
  const line = at < 0 ? '' : text.slice(at + 1);
  return {
    stream,
    time: at < 0 ? text : text.slice(0, at),
    line: Buffer.from(line.endsWith('\r') ? line.slice(0, -1) : line, 'latin1'),
    partial: false,
  };
}

/** RFC 3339 as Docker's query has it: seconds with nanoseconds behind the point. */
function seconds(time: string): number {
  return Date.parse(time) / 1000;
}
