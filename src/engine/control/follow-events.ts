import { closeSync, mkdirSync, openSync, readSync, statSync, watch } from 'node:fs';
import { type EngineEvent, eventsPath, type StateRoots } from '../../state/index.ts';
import type { EventOptions } from '../api.ts';
import { eventFilter } from './event-filters.ts';

/**
 * Reads `<run>/events` line by line and, at its end, sleeps until the file changes. The position is taken when this is
 * called, not when the first event is asked for: what happens in between is not missed.
 */
export function followEvents(
  roots: StateRoots,
  options: EventOptions = {},
): AsyncGenerator<EngineEvent, void, undefined> {
  const path = eventsPath(roots);
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  mkdirSync(roots.run, { recursive: true, mode: 0o711 });
  return readLines(path, options.past ? 0 : size, options);
}

async function* readLines(
  path: string,
  start: number,
  { follow = true, signal, filters = {} }: EventOptions,
): AsyncGenerator<EngineEvent, void, undefined> {
  const isWanted = eventFilter(filters);
  // Created where it is missing, so that there is something to watch.
  const fd = openSync(path, 'a+', 0o640);
  let position = start;
  let rest = Buffer.alloc(0);
  const chunk = Buffer.allocUnsafe(64 * 1024);
  let wake: (() => void) | undefined;
  let changed = false;
  const notify = () => {
    changed = true;
    wake?.();
  };
  const watcher = follow ? watch(path, notify) : undefined;
  signal?.addEventListener('abort', notify);
  try {
    while (!signal?.aborted) {
      changed = false;
      for (;;) {
        const size = readSync(fd, chunk, 0, chunk.length, position);
        if (size === 0) break;
        position += size;
        rest = Buffer.concat([rest, chunk.subarray(0, size)]);
        let end = rest.indexOf(10);
        while (end >= 0) {
          const event = parseEvent(rest.toString('utf8', 0, end));
          rest = rest.subarray(end + 1);
          if (event !== undefined && isWanted(event)) yield event;
          end = rest.indexOf(10);
        }
      }
      if (!follow) return;
      if (!changed && !signal?.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    signal?.removeEventListener('abort', notify);
    watcher?.close();
    closeSync(fd);
  }
}

/** A line that was cut off by a full disk is no event. */
function parseEvent(line: string): EngineEvent | undefined {
  try {
    return JSON.parse(line) as EngineEvent;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
