import { parseGoDuration } from '../../../core/index.ts';
import type { Healthcheck, Service } from '../../model/index.ts';

import { defined, type Translation } from './translation.ts';

/** Conditions of `deploy.restart_policy`, and the words of `restart` that Docker Compose takes there too. */
const conditions: Readonly<Record<string, string>> = {
  none: 'no',
  no: 'no',
  any: 'always',
  always: 'always',
  'unless-stopped': 'unless-stopped',
  'on-failure': 'on-failure',
};

/** `deploy.restart_policy`, or `restart` where there is none. */
export function translateRestart({ service, unsupported }: Translation) {
  const policy = service.deploy?.restart_policy;
  if (policy === undefined) {
    if (service.restart === undefined) return undefined;
    const [Name = '', count] = service.restart.split(':');
    return defined({ Name, MaximumRetryCount: count === undefined ? undefined : Number(count) });
  }
  const Name = conditions[policy.condition ?? 'any'];
  if (Name === undefined) {
    const path = ['deploy', 'restart_policy', 'condition'];
    unsupported(path, `"${policy.condition}" is no condition: none, on-failure or any`);
    return undefined;
  }
  if (Name === 'no') return { Name };
  return defined({
    Name,
    [Name === 'on-failure' ? 'MaximumRetryCount' : 'MaxAttempts']: policy.max_attempts,
    Delay: durationNs(policy.delay),
    Window: durationNs(policy.window),
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
