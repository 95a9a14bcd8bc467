import type { RuntimeBlkio, RuntimeResources, RuntimeThrottle } from '../../runtime/index.ts';
import type { HostConfig } from '../container-record.ts';

/** `HostConfig` field → resource; a zero asks for nothing, as in Docker's API. */
const direct = {
  Memory: 'memoryBytes',
  MemorySwap: 'memorySwapBytes',
  MemoryReservation: 'memoryReservationBytes',
  CpuShares: 'cpuShares',
  CpuQuota: 'cpuQuotaUs',
  CpuPeriod: 'cpuPeriodUs',
  CpuRealtimeRuntime: 'cpuRealtimeRuntimeUs',
  CpuRealtimePeriod: 'cpuRealtimePeriodUs',
  CpusetCpus: 'cpusetCpus',
  CpusetMems: 'cpusetMems',
} as const satisfies { [Field in keyof HostConfig]?: keyof RuntimeResources };

/** The limits of a container, in the runtime's units. */
export function runtimeResources(host: HostConfig): RuntimeResources {
  const resources: Record<string, unknown> = {};
  for (const [field, name] of Object.entries(direct)) {
    const value = host[field as keyof typeof direct];
    if (value) resources[name] = value;
  }
  // Docker's own default: as much swap again as memory.
  if (host.Memory && !host.MemorySwap) resources.memorySwapBytes = host.Memory * 2;
  if (host.NanoCpus) resources.cpus = host.NanoCpus / 1e9;
  // -1, "not set", is how Docker's clients ask for the kernel's own value.
  if (typeof host.MemorySwappiness === 'number' && host.MemorySwappiness >= 0) {
    resources.memorySwappiness = host.MemorySwappiness;
  }
  if (host.OomKillDisable) resources.oomKillDisable = true;
  if (host.PidsLimit) resources.pidsLimit = host.PidsLimit < 0 ? -1 : host.PidsLimit;
  const blkio = runtimeBlkio(host);
  if (Object.keys(blkio).length > 0) resources.blkio = blkio;
  return resources;
}

function runtimeBlkio(host: HostConfig): RuntimeBlkio {
  const weights = list<{ Path: string; Weight: number }>(host.BlkioWeightDevice);
  return {
    ...(host.BlkioWeight ? { weight: host.BlkioWeight } : {}),
    ...(weights.length > 0
      ? { weightDevice: weights.map(({ Path, Weight }) => ({ path: Path, weight: Weight })) }
      : {}),
    ...throttle('readBps', host.BlkioDeviceReadBps),
    ...throttle('writeBps', host.BlkioDeviceWriteBps),
    ...throttle('readIops', host.BlkioDeviceReadIOps),
    ...throttle('writeIops', host.BlkioDeviceWriteIOps),
  };
}

function throttle<Key extends string>(
  key: Key,
  value: unknown,
): { [K in Key]?: RuntimeThrottle[] } {
  const devices = list<{ Path: string; Rate: number }>(value);
  if (devices.length === 0) return {};
  return { [key]: devices.map(({ Path, Rate }) => ({ path: Path, rate: Rate })) } as {
    [K in Key]?: RuntimeThrottle[];
  };
}

function list<Entry>(value: unknown): Entry[] {
  return Array.isArray(value) ? (value as Entry[]) : [];
}
