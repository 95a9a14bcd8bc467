import { isDeepStrictEqual } from 'node:util';
import type { CanonicalConfig } from './canonical-config.ts';

/** One key that is no longer what a container was made from. */
export interface ConfigChange {
  /** Path below the service: `['environment', 'TZ']`. */
  readonly path: readonly string[];
  readonly before: unknown;
  readonly after: unknown;
}

/** The keys in which two configurations differ, deepest common place each; lists are compared as a whole. */
export function configChanges(before: CanonicalConfig, after: CanonicalConfig): ConfigChange[] {
  return differences(before.service, after.service, []);
}

/** `environment.TZ: "UTC" → "CET"`. */
export function printChange({ path, before, after }: ConfigChange): string {
  return `${path.join('.')}: ${printValue(before)} → ${printValue(after)}`;
}

const longestValue = 60;

function printValue(value: unknown): string {
  if (value === undefined) return '(none)';
  const text = JSON.stringify(value);
  return text.length <= longestValue ? text : `${text.slice(0, longestValue)}…`;
}

function differences(before: unknown, after: unknown, path: readonly string[]): ConfigChange[] {
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) => differences(before[key], after[key], [...path, key]));
  }
  return isDeepStrictEqual(before, after) ? [] : [{ path, before, after }];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
