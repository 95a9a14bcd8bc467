import type { ContainerRecord, HostConfig } from '../container-record.ts';

/** What `inspect` shows for each field that was not asked for, as Docker does. */
const defaults = {
  AutoRemove: false,
  Binds: null,
  BlkioDeviceReadBps: null,
  BlkioDeviceReadIOps: null,
  BlkioDeviceWriteBps: null,
  BlkioDeviceWriteIOps: null,
  BlkioWeight: 0,
  BlkioWeightDevice: null,
  CapAdd: null,
  CapDrop: null,
  Cgroup: '',
  CgroupParent: '',
  CgroupnsMode: 'private',
  ConsoleSize: [0, 0],
  ContainerIDFile: '',
  CpuPeriod: 0,
  CpuQuota: 0,
  CpuRealtimePeriod: 0,
  CpuRealtimeRuntime: 0,
  CpuShares: 0,
  CpusetCpus: '',
  CpusetMems: '',
  DeviceCgroupRules: null,
  DeviceRequests: null,
  Devices: null,
  Dns: null,
  DnsOptions: null,
  DnsSearch: null,
  ExtraHosts: null,
  GroupAdd: null,
  IpcMode: 'private',
  Links: null,
  LogConfig: { Type: 'json-file', Config: {} },
  Memory: 0,
  MemoryReservation: 0,
  MemorySwap: 0,
  MemorySwappiness: null,
  NanoCpus: 0,
  OomKillDisable: false,
  OomScoreAdj: 0,
  PidMode: '',
  PidsLimit: null,
  PortBindings: {},
  Privileged: false,
  PublishAllPorts: false,
  ReadonlyRootfs: false,
  RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
  Runtime: 'coracle',
  SecurityOpt: null,
  ShmSize: 64 * 1024 * 1024,
  UTSMode: '',
  Ulimits: null,
  UsernsMode: '',
  VolumeDriver: '',
  VolumesFrom: null,
};

/** The host configuration with every field that Docker's clients look for. */
export function fullHostConfig(record: ContainerRecord): HostConfig {
  const full: Record<string, unknown> = { ...defaults, NetworkMode: 'default' };
  for (const [key, value] of Object.entries(record.hostConfig)) {
    if (value !== undefined && value !== null) full[key] = value;
  }
  return full as HostConfig;
}
