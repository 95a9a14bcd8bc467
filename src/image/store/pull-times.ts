import { createHash } from 'node:crypto';
import { mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StateRoots } from '../../state/index.ts';
import { formatReference, type ImageReference } from '../reference.ts';
import { storePaths } from './layout.ts';

/**
 * When a name was last asked for at its registry, whether or not that brought anything new: the time of an empty file, so that
 * it is no part of the image's own records.
 */
export function notePulled(roots: StateRoots, reference: ImageReference, nowMs: number): void {
  const path = pathOf(roots, reference);
  mkdirSync(join(storePaths(roots).images, 'pulled'), { recursive: true, mode: 0o700 });
  writeFileSync(path, '', { mode: 0o600 });
  utimesSync(path, nowMs / 1000, nowMs / 1000);
}

/** Milliseconds since 1970; undefined for a name that was never pulled. */
export function lastPulled(roots: StateRoots, reference: ImageReference): number | undefined {
  return statSync(pathOf(roots, reference), { throwIfNoEntry: false })?.mtimeMs;
}

function pathOf(roots: StateRoots, reference: ImageReference): string {
  const name = createHash('sha256').update(formatReference(reference)).digest('hex');
  return join(storePaths(roots).images, 'pulled', name);
}
