import { parseGoDuration } from '../../../core/index.ts';
import type { Healthcheck, Service } from '../../model/index.ts';

import { defined, type Translation } from './translation.ts';

/** `restart`, or `deploy.restart_policy` where that is all there is. */
export function translateRestart({ service, unsupported }: Translation) {
  if (service.restart !== undefined) {
    const [Name = '', count] = service.restart.split(':');
    return defined({ Name, MaximumRetryCount: count === undefined ? undefined : Number(count) });
  }
  const policy = service.deploy?.restart_policy;
  if (policy === undefined) return undefined;
  for (const key of ['delay', 'window'] as const) {
    if (policy[key] !== undefined) {
      unsupported(['deploy', 'restart_policy', key], `"${key}" of a restart policy cannot be run`);
    }
  }
  const names: Record<string, string> = { none: 'no', any: 'always', 'on-failure': 'on-failure' };
  const Name = names[policy.condition ?? 'any'] ?? 'no';
  return defined({
    Name,
    MaximumRetryCount: Name === 'on-failure' ? policy.max_attempts : undefined,
  });
}

/** `healthcheck` with times in nanoseconds; `disable: true` is Docker's `["NONE"]`. */
export function translateHealthcheck(check: Healthcheck | undefined) {
  if (check === undefined) return undefined;
  if (check.disable) return { Test: ['NONE'] };
  return defined({
    Test: check.test === undefined ? undefined : [...check.test],
    Interval: durationNs(check.interval),
    Timeout: durationNs(check.timeout),
    StartPeriod: durationNs(check.start_period),
    StartInterval: durationNs(check.start_interval),
    Retries: check.retries,
  });
}

/** `stop_grace_period` in whole seconds, rounded up: Docker's field has no finer unit. */
export function stopTimeoutS(service: Service): number | undefined {
  const ns = durationNs(service.stop_grace_period);
  return ns === undefined ? undefined : Math.ceil(ns / 1e9);
}

function durationNs(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseGoDuration(text);
}
