import { AppError } from '../../core/index.ts';
import type { RuntimeHealthcheck } from '../../runtime/index.ts';
import type { HealthConfig } from './merge-image-config.ts';

const nsPerMs = 1_000_000;

/** Field, its name in messages, and Docker's default in milliseconds. */
const durations = {
  intervalMs: ['Interval', 30_000],
  timeoutMs: ['Timeout', 30_000],
  startPeriodMs: ['StartPeriod', 0],
  startIntervalMs: ['StartInterval', 5_000],
} as const;

/**
 * The check that the shim runs, from Docker's configuration in nanoseconds.
 * @param shell  the image's `SHELL`, which a `CMD-SHELL` line is given to; `/bin/sh -c` when left out.
 * @returns null where there is none, or `NONE` switches the image's off.
 * @throws {AppError} `ENGINE_CREATE_OPTION_INVALID`
 */
export function runtimeHealthcheck(
  config: HealthConfig | undefined,
  shell: readonly string[] | undefined,
): RuntimeHealthcheck | null {
  const [kind, ...words] = config?.Test ?? [];
  if (config === undefined || kind === undefined || kind === 'NONE') return null;
  if (kind !== 'CMD' && kind !== 'CMD-SHELL') {
    throw invalid(`unknown type of test "${kind}": it must be CMD, CMD-SHELL or NONE`);
  }
  if (words.length === 0) throw invalid(`${kind} without a command`);
  const retries = config.Retries ?? 0;
  if (retries < 0) throw invalid('Retries cannot be negative');
  const useShell = kind === 'CMD-SHELL' && shell !== undefined && shell.length > 0;
  return {
    test: useShell ? ['CMD', ...shell, ...words] : [kind, ...words],
    retries: retries || 3,
    intervalMs: duration(config, 'intervalMs'),
    timeoutMs: duration(config, 'timeoutMs'),
    startPeriodMs: duration(config, 'startPeriodMs'),
    startIntervalMs: duration(config, 'startIntervalMs'),
  };
}

function duration(config: HealthConfig, key: keyof typeof durations): number {
  const [field, defaultMs] = durations[key];
  const ns = config[field] ?? 0;
  if (ns === 0) return defaultMs;
  if (ns < nsPerMs) throw invalid(`${field} cannot be less than 1ms`);
  return Math.round(ns / nsPerMs);
}

function invalid(why: string): AppError {
  return new AppError('ENGINE_CREATE_OPTION_INVALID', `Healthcheck: ${why}`);
}
