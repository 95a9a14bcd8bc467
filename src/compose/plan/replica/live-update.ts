import type { ContainerCreateOptions, ContainerUpdate } from '../../../engine/index.ts';
import type { ConfigChange } from '../config-changes.ts';

/**
 * Keys of a service that a container takes over while it runs. Limits only as long as there is still one: the kernel's
 * default is not known to anybody who has set something else.
 */
const liveKeys: readonly { readonly path: string; readonly isLimit?: true }[] = [
  { path: 'labels' },
  { path: 'pre_stop' },
  { path: 'restart' },
  { path: 'deploy.restart_policy' },
  { path: 'stop_grace_period' },
  { path: 'stop_signal' },
  { path: 'mem_limit', isLimit: true },
  { path: 'mem_reservation', isLimit: true },
  { path: 'memswap_limit', isLimit: true },
  { path: 'cpus', isLimit: true },
  { path: 'cpu_shares', isLimit: true },
  { path: 'cpu_quota', isLimit: true },
  { path: 'cpu_period', isLimit: true },
  { path: 'cpuset', isLimit: true },
  { path: 'pids_limit', isLimit: true },
  { path: 'deploy.resources.limits', isLimit: true },
  { path: 'deploy.resources.reservations.memory', isLimit: true },
];

/** `networks.back.aliases`; a network that is new or gone is another matter. */
const aliases = /^networks\.[^.]+\.aliases$/;

/** True where a running container can take the change over. */
export function isLive({ path, after }: ConfigChange): boolean {
  const key = path.join('.');
  if (path.length === 3 && aliases.test(key)) return true;
  const found = liveKeys.find(({ path: live }) => key === live || key.startsWith(`${live}.`));
  return found !== undefined && (found.isLimit === undefined || isLimit(after));
}

/** A limit, or limits whose every member is one. */
function isLimit(value: unknown): boolean {
  return value !== undefined && value !== null && value !== 0 && value !== '0';
}

/** The part of a container's options that {@link isLive} is about. */
export function liveUpdate(options: ContainerCreateOptions): ContainerUpdate {
  const host = options.HostConfig ?? {};
  const limits = Object.fromEntries(
    limitFields.flatMap((field) => (host[field] === undefined ? [] : [[field, host[field]]])),
  );
  const endpoints = options.NetworkingConfig?.EndpointsConfig ?? {};
  return {
    Labels: options.Labels ?? {},
    HostConfig: { ...limits, RestartPolicy: host.RestartPolicy ?? { Name: 'no' } },
    Aliases: Object.fromEntries(
      Object.entries(endpoints).map(([network, { Aliases }]) => [network, Aliases ?? []]),
    ),
    ...(options.StopSignal === undefined ? {} : { StopSignal: options.StopSignal }),
    ...(options.StopTimeout === undefined ? {} : { StopTimeout: options.StopTimeout }),
  };
}

const limitFields = [
  'Memory',
  'MemoryReservation',
  'MemorySwap',
  'NanoCpus',
  'CpuShares',
  'CpuQuota',
  'CpuPeriod',
  'CpusetCpus',
  'PidsLimit',
] as const;
