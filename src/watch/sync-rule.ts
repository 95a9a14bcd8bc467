import { basename, dirname } from 'node:path';
import { AppError, isAppError } from '../core/index.ts';
import type { ComposeEngine } from '../engine/index.ts';
import type { WatchRule } from './rule.ts';

/** What syncing some paths of one rule into one container came to. */
export interface RuleSync {
  /** Relative to the rule's path; `''` where that is a file. */
  readonly written: readonly string[];
  readonly removed: readonly string[];
  readonly error?: AppError;
}

/** Which paths, and how. */
export interface SyncRequest {
  readonly paths: readonly string[];
  /** Compare contents; pass over what has not changed on the host since `sinceMs`. */
  readonly initial?: { readonly sinceMs: number };
}

const nothing: RuleSync = { written: [], removed: [] };

/** Writes what a rule's paths are on the host into a container; failures are returned, with their place. */
export async function syncRule(
  engine: ComposeEngine,
  container: string,
  rule: WatchRule,
  request: SyncRequest,
): Promise<RuleSync> {
  const kind = rule.kind();
  const single = kind === 'file' || (kind === undefined && rule.wasFile);
  // The target itself stays, whatever becomes of the rule's own path.
  const paths = single ? [basename(rule.path)] : request.paths.filter((path) => path !== '');
  if (paths.length === 0) return nothing;
  if (!single && kind === undefined) return { ...nothing, error: pathMissing(rule) };
  try {
    const result = await engine.syncFiles(container, {
      source: single ? dirname(rule.path) : rule.path,
      target: rule.definition.target ?? '/',
      paths,
      ...(single ? { single } : {}),
      ...(request.initial === undefined ? {} : { compare: true, sinceMs: request.initial.sinceMs }),
    });
    const named = (list: readonly string[]) => (single ? list.map(() => '') : list);
    return {
      written: named(result.written),
      removed: named(result.removed),
      ...(result.failures === 0 ? {} : { error: syncFailed(rule, result.errors, result.failures) }),
    };
  } catch (error) {
    return { ...nothing, error: placed(rule, 'target', error) };
  }
}

/** The failure of a rule whose path is not there. */
export function pathMissing(rule: WatchRule): AppError {
  const message = `service "${rule.service}": path "${rule.definition.shownPath}" does not exist`;
  return new AppError('WATCH_PATH_MISSING', message, rangeOf(rule, 'path'));
}

/** A failure as one of the rule, at the place of one of its keys. */
export function placed(rule: WatchRule, key: string, error: unknown): AppError {
  if (!isAppError(error)) throw error;
  const { op, errnoName, message } = error.details as Record<string, string | undefined>;
  const target = `service "${rule.service}": target "${rule.definition.target}"`;
  if (op === 'target' && error.code !== 'NATIVE_READ_ONLY') {
    const why = `${target}: ${message ?? error.message}${errnoName ? ` (${errnoName})` : ''}`;
    return new AppError('WATCH_TARGET_INVALID', why, { cause: error, ...rangeOf(rule, key) });
  }
  const said =
    error.code === 'NATIVE_READ_ONLY'
      ? `${target} is on a read-only file system`
      : `service "${rule.service}": ${error.message}`;
  return new AppError(error.code, said, {
    cause: error,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...rangeOf(rule, key),
  });
}

function syncFailed(rule: WatchRule, errors: readonly Error[], count: number): AppError {
  const first = errors[0];
  const readOnly = errors.every((error) => isAppError(error, 'NATIVE_READ_ONLY'));
  const files = count === 1 ? '1 file' : `${count} files`;
  const message = `service "${rule.service}": ${files} could not be synced to ${rule.definition.target}: ${first?.message}`;
  return new AppError(readOnly ? 'NATIVE_READ_ONLY' : 'WATCH_SYNC_FAILED', message, {
    cause: first,
    ...rangeOf(rule, 'target'),
  });
}

function rangeOf(rule: WatchRule, key: string): { details: Record<string, unknown> } {
  const range = rule.definition.place(key);
  return { details: range === undefined ? {} : { range } };
}
