import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from './record.ts';
import type { StateRoots } from './roots.ts';

/** One line of `<run>/events`: Docker's event message, as far as it carries anything. */
export interface EngineEvent {
  readonly Type: 'container' | 'network' | 'volume' | 'image';
  /** `create`, `start`, `die`, `health_status: healthy`, … */
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  readonly scope: 'local';
  /** Seconds since 1970. */
  readonly time: number;
  readonly timeNano: number;
}

export function eventsPath(roots: StateRoots): string {
  return join(roots.run, 'events');
}

/**
 * Appends lines with one write each call: with `O_APPEND`, lines of several writers never mix. Events are news and no
 * records, so nothing is synced.
 */
export function appendEvents(roots: StateRoots, events: readonly EngineEvent[]): void {
  const text = events.map((event) => `${JSON.stringify(event)}\n`).join('');
  const path = eventsPath(roots);
  try {
    appendFileSync(path, text, { mode: 0o640 });
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    mkdirSync(roots.run, { recursive: true, mode: 0o711 });
    appendFileSync(path, text, { mode: 0o640 });
  }
}
