import { compilePatterns } from '../path-pattern.ts';

/** What the text of an interpolated value is turned into. */
export type Cast = 'integer' | 'float' | 'boolean';

/** Which values are numbers and booleans: a file may write them as strings, and variables always do. */
export const casts = compilePatterns<Cast>({
  'services.*.cpu_count': 'integer',
  'services.*.cpu_percent': 'float',
  'services.*.cpu_period': 'integer',
  'services.*.cpu_quota': 'integer',
  'services.*.cpu_rt_period': 'integer',
  'services.*.cpu_rt_runtime': 'integer',
  'services.*.cpus': 'float',
  'services.*.cpu_shares': 'integer',
  'services.*.init': 'boolean',
  'services.*.depends_on.*.required': 'boolean',
  'services.*.depends_on.*.restart': 'boolean',
  'services.*.deploy.replicas': 'integer',
  'services.*.deploy.update_config.parallelism': 'integer',
  'services.*.deploy.update_config.max_failure_ratio': 'float',
  'services.*.deploy.rollback_config.parallelism': 'integer',
  'services.*.deploy.rollback_config.max_failure_ratio': 'float',
  'services.*.deploy.restart_policy.max_attempts': 'integer',
  'services.*.deploy.placement.max_replicas_per_node': 'integer',
  'services.*.healthcheck.retries': 'integer',
  'services.*.healthcheck.disable': 'boolean',
  'services.*.oom_kill_disable': 'boolean',
  'services.*.oom_score_adj': 'integer',
  'services.*.pids_limit': 'integer',
  'services.*.ports.*.target': 'integer',
  'services.*.privileged': 'boolean',
  'services.*.read_only': 'boolean',
  'services.*.scale': 'integer',
  'services.*.stdin_open': 'boolean',
  'services.*.tty': 'boolean',
  'services.*.ulimits.*': 'integer',
  'services.*.ulimits.*.hard': 'integer',
  'services.*.ulimits.*.soft': 'integer',
  'services.*.volumes.*.read_only': 'boolean',
  'services.*.volumes.*.volume.nocopy': 'boolean',
  'networks.*.external': 'boolean',
  'networks.*.internal': 'boolean',
  'networks.*.attachable': 'boolean',
  'networks.*.enable_ipv4': 'boolean',
  'networks.*.enable_ipv6': 'boolean',
  'volumes.*.external': 'boolean',
  'secrets.*.external': 'boolean',
  'configs.*.external': 'boolean',
});

const booleans: Readonly<Record<string, boolean>> = {
  true: true,
  y: true,
  yes: true,
  on: true,
  false: false,
  n: false,
  no: false,
  off: false,
};

/** Words that are booleans for Compose and plain strings for YAML 1.2. */
export function isOldBoolean(text: string): boolean {
  const word = text.toLowerCase();
  return Object.hasOwn(booleans, word) && word !== 'true' && word !== 'false';
}

/** The value that `text` stands for, `undefined` where it is no such value. */
export function castText(text: string, cast: Cast): number | boolean | undefined {
  switch (cast) {
    case 'boolean':
      return Object.hasOwn(booleans, text.toLowerCase()) ? booleans[text.toLowerCase()] : undefined;
    case 'integer':
      return /^[-+]?\d+$/.test(text) ? Number(text) : undefined;
    case 'float':
      return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : undefined;
  }
}
