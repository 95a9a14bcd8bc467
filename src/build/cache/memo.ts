import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** A small text that depends on its key alone: kept as a file. Losing it costs time only. */
export function readMemo(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Never written, or lost: it is found out again.
    return undefined;
  }
}

export function writeMemo(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, text, { mode: 0o600 });
  renameSync(temporary, path);
}
