import type { BlkioConfig, DeviceRate, Service } from '../../model/index.ts';
import { defined } from './translation.ts';

/** Limits: the service's own keys, with `deploy.resources` over them as Docker Compose has it. */
export function translateResources(service: Service): Record<string, unknown> {
  const limits = service.deploy?.resources?.limits;
  const reservations = service.deploy?.resources?.reservations;
  const cpus = limits?.cpus ?? service.cpus;
  return defined({
    Memory: bytes(limits?.memory ?? service.mem_limit),
    MemoryReservation: bytes(reservations?.memory ?? service.mem_reservation),
    MemorySwap: bytes(service.memswap_limit),
    MemorySwappiness: bytes(service.mem_swappiness),
    NanoCpus: cpus === undefined ? undefined : Math.round(cpus * 1e9),
    CpuShares: service.cpu_shares,
    CpuPeriod: service.cpu_period,
    CpuQuota: service.cpu_quota,
    CpuRealtimePeriod: service.cpu_rt_period,
    CpuRealtimeRuntime: service.cpu_rt_runtime,
    CpusetCpus: service.cpuset,
    PidsLimit: limits?.pids ?? service.pids_limit,
    OomKillDisable: service.oom_kill_disable,
    OomScoreAdj: service.oom_score_adj,
    ShmSize: bytes(service.shm_size),
    Ulimits: ulimits(service),
    Devices: service.devices?.map(({ source, target, permissions }) => ({
      PathOnHost: source,
      PathInContainer: target ?? source,
      CgroupPermissions: permissions ?? 'rwm',
    })),
    DeviceCgroupRules: service.device_cgroup_rules,
    CgroupParent: service.cgroup_parent,
    ...blockIo(service.blkio_config),
  });
}

function bytes(count: string | undefined): number | undefined {
  return count === undefined ? undefined : Number(count);
}

function ulimits({ ulimits: limits }: Service) {
  if (limits === undefined) return undefined;
  return Object.entries(limits).map(([Name, limit]) =>
    typeof limit === 'number'
      ? { Name, Soft: limit, Hard: limit }
      : { Name, Soft: limit.soft ?? 0, Hard: limit.hard ?? 0 },
  );
}

function blockIo(config: BlkioConfig | undefined): Record<string, unknown> {
  if (config === undefined) return {};
  const rates = (list: readonly DeviceRate[] | undefined) =>
    list?.map(({ path, rate }) => ({ Path: path, Rate: Number(rate) }));
  return {
    BlkioWeight: config.weight,
    BlkioWeightDevice: config.weight_device?.map(({ path, weight }) => ({
      Path: path,
      Weight: weight,
    })),
    BlkioDeviceReadBps: rates(config.device_read_bps),
    BlkioDeviceReadIOps: rates(config.device_read_iops),
    BlkioDeviceWriteBps: rates(config.device_write_bps),
    BlkioDeviceWriteIOps: rates(config.device_write_iops),
  };
}
