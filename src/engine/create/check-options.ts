import { AppError } from '../../core/index.ts';
import type { ContainerCreateOptions } from '../api.ts';
import { checkHostValues } from './check-host-values.ts';

/**
 * What becomes of each create option. `used`: it has its effect. `neutral`: accepted only with a value that asks
 * for nothing (absent, false, 0, empty) or with one that is listed, since another would be dropped silently.
 */
const createOptions: Readonly<Record<string, 'used' | readonly unknown[]>> = {
  name: 'used',
  // One platform is stored per image; which one is settled where it is pulled.
  platform: 'used',
  Platform: 'used',
  Hostname: 'used',
  Domainname: 'used',
  User: 'used',
  ArgsEscaped: [],
  AttachStdin: 'used',
  AttachStdout: 'used',
  AttachStderr: 'used',
  Tty: 'used',
  OpenStdin: 'used',
  StdinOnce: 'used',
  Env: 'used',
  Cmd: 'used',
  Entrypoint: 'used',
  Image: 'used',
  Labels: 'used',
  Volumes: 'used',
  WorkingDir: 'used',
  NetworkDisabled: 'used',
  MacAddress: 'used',
  ExposedPorts: 'used',
  StopSignal: 'used',
  StopTimeout: 'used',
  Healthcheck: 'used',
  HostConfig: 'used',
  OnBuild: [],
  Shell: 'used',
  NetworkingConfig: 'used',
  abortSignal: 'used',
  Annotations: [],
};

const hostOptions: Readonly<Record<string, 'used' | readonly unknown[]>> = {
  AutoRemove: 'used',
  Annotations: 'used',
  Binds: 'used',
  ContainerIDFile: [],
  LogConfig: 'used',
  NetworkMode: 'used',
  PortBindings: 'used',
  RestartPolicy: 'used',
  VolumeDriver: ['local'],
  VolumesFrom: 'used',
  Mounts: 'used',
  CapAdd: 'used',
  CapDrop: 'used',
  CgroupnsMode: 'used',
  Dns: 'used',
  DnsOptions: 'used',
  DnsSearch: 'used',
  ExtraHosts: 'used',
  GroupAdd: 'used',
  IpcMode: 'used',
  Cgroup: [],
  Links: [],
  OomScoreAdj: 'used',
  PidMode: 'used',
  Privileged: 'used',
  PublishAllPorts: 'used',
  ReadonlyRootfs: 'used',
  SecurityOpt: 'used',
  StorageOpt: [],
  Tmpfs: 'used',
  UTSMode: 'used',
  UsernsMode: ['host'],
  ShmSize: 'used',
  Sysctls: 'used',
  Runtime: 'used',
  // The size of a terminal that is not attached yet; the one who attaches says it again.
  ConsoleSize: 'used',
  Isolation: ['default'],
  MaskedPaths: [],
  ReadonlyPaths: [],
  CpuShares: 'used',
  CgroupParent: 'used',
  BlkioWeight: 'used',
  BlkioWeightDevice: 'used',
  BlkioDeviceReadBps: 'used',
  BlkioDeviceWriteBps: 'used',
  BlkioDeviceReadIOps: 'used',
  BlkioDeviceWriteIOps: 'used',
  CpuPeriod: 'used',
  CpuQuota: 'used',
  CpusetCpus: 'used',
  CpusetMems: 'used',
  Devices: 'used',
  DeviceCgroupRules: 'used',
  DeviceRequests: [],
  DiskQuota: [],
  KernelMemory: [],
  KernelMemoryTCP: [],
  Memory: 'used',
  MemoryReservation: 'used',
  MemorySwap: 'used',
  MemorySwappiness: 'used',
  NanoCpus: 'used',
  OomKillDisable: 'used',
  Init: 'used',
  PidsLimit: 'used',
  Ulimits: 'used',
  CpuCount: [],
  CpuPercent: [],
  CpuRealtimePeriod: 'used',
  CpuRealtimeRuntime: 'used',
  IOMaximumBandwidth: [],
  IOMaximumIOps: [],
};

/**
 * Refuses what would otherwise be dropped silently, and values that no container could have.
 * @throws {AppError} `ENGINE_CREATE_OPTION_UNSUPPORTED`, `ENGINE_CREATE_OPTION_INVALID`
 */
export function checkOptions(options: ContainerCreateOptions): void {
  checkTable(options, createOptions, '');
  checkTable(options.HostConfig ?? {}, hostOptions, 'HostConfig.');
  for (const line of options.Env ?? []) {
    if (line === '' || line.startsWith('=')) throw invalid(`invalid environment variable: ${line}`);
  }
  const cwd = options.WorkingDir;
  if (cwd && !cwd.startsWith('/')) {
    throw invalid(`the working directory '${cwd}' is invalid, it needs to be an absolute path`);
  }
  checkHostValues(options.HostConfig ?? {});
}

function checkTable(
  value: object,
  table: Readonly<Record<string, 'used' | readonly unknown[]>>,
  prefix: string,
): void {
  for (const [key, given] of Object.entries(value)) {
    if (given === undefined) continue;
    const entry = Object.hasOwn(table, key) ? table[key] : undefined;
    if (entry === undefined) throw unsupported(`unknown option ${prefix}${key}`);
    if (entry === 'used' || asksNothing(given) || entry.includes(given)) continue;
    throw unsupported(`option ${prefix}${key} is not supported: ${JSON.stringify(given)}`);
  }
}

function asksNothing(value: unknown): boolean {
  if (!value) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function unsupported(message: string): AppError {
  return new AppError('ENGINE_CREATE_OPTION_UNSUPPORTED', message);
}

function invalid(message: string): AppError {
  return new AppError('ENGINE_CREATE_OPTION_INVALID', message);
}
