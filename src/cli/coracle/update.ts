import { AppError, parseByteSize } from '../../core/index.ts';
import type { ContainerInspectInfo } from '../../engine/index.ts';
import { defineCommand, type Flag } from '../command.ts';
import { onEach } from './on-each.ts';

interface UpdateFlags {
  readonly blkioWeight?: number;
  readonly cpuPeriod?: number;
  readonly cpuQuota?: number;
  readonly cpuRtPeriod?: number;
  readonly cpuRtRuntime?: number;
  readonly cpuShares?: number;
  readonly cpus?: string;
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  readonly memory?: string;
  readonly memoryReservation?: string;
  readonly memorySwap?: string;
  readonly pidsLimit?: number;
  readonly restart?: string;
}

type HostConfig = ContainerInspectInfo['HostConfig'];

const integer = (flags: string, description: string): Flag => ({
  flags,
  description,
  kind: 'integer',
});

export const updateCommand = defineCommand<UpdateFlags>({
  name: 'update',
  positional: 'CONTAINER [CONTAINER...]',
  summary: 'Update configuration of one or more containers',
  flags: [
    integer('--blkio-weight <weight>', 'Block IO (relative weight), between 10 and 1000'),
    integer('--cpu-period <us>', 'Limit CPU CFS (Completely Fair Scheduler) period'),
    integer('--cpu-quota <us>', 'Limit CPU CFS (Completely Fair Scheduler) quota'),
    integer('--cpu-rt-period <us>', 'Limit the CPU real-time period in microseconds'),
    integer('--cpu-rt-runtime <us>', 'Limit the CPU real-time runtime in microseconds'),
    integer('-c, --cpu-shares <weight>', 'CPU shares (relative weight)'),
    { flags: '--cpus <number>', description: 'Number of CPUs' },
    { flags: '--cpuset-cpus <list>', description: 'CPUs in which to allow execution (0-3, 0,1)' },
    { flags: '--cpuset-mems <list>', description: 'MEMs in which to allow execution (0-3, 0,1)' },
    { flags: '-m, --memory <bytes>', description: 'Memory limit' },
    { flags: '--memory-reservation <bytes>', description: 'Memory soft limit' },
    {
      flags: '--memory-swap <bytes>',
      description: 'Swap limit equal to memory plus swap: -1 to enable unlimited swap',
    },
    integer('--pids-limit <number>', 'Tune container pids limit (set -1 for unlimited)'),
    { flags: '--restart <policy>', description: 'Restart policy to apply when a container exits' },
  ],
  examples: ['coracle update --memory 512m --cpus 1.5 web'],
  run(context, names, flags) {
    const change = hostConfigOf(flags);
    if (Object.keys(change).length === 0) {
      throw new AppError('CLI_USAGE', 'you must provide one or more flags when using this command');
    }
    return onEach(context, names, 'container', async (engine, name) => {
      const { Id, Config, HostConfig } = await engine.getContainer(name).inspect();
      const { StopSignal, StopTimeout } = Config as { StopSignal?: string; StopTimeout?: number };
      await engine.updateContainer(Id, {
        Labels: Config.Labels,
        HostConfig: { ...change, ...swapOf(change, HostConfig, name) },
        Aliases: {},
        ...(StopSignal === undefined ? {} : { StopSignal }),
        ...(StopTimeout === undefined ? {} : { StopTimeout }),
      });
    });
  },
});

/** What is changed, in the words of Docker's API. */
function hostConfigOf(flags: UpdateFlags): Partial<HostConfig> {
  const { cpus, cpuPeriod, cpuQuota } = flags;
  if (cpus !== undefined && (cpuPeriod ?? cpuQuota) !== undefined) {
    throw new AppError(
      'CLI_USAGE',
      'conflicting options: CPUs and CPU quota or period cannot both be set',
    );
  }
  const numbers = {
    BlkioWeight: flags.blkioWeight,
    CpuPeriod: cpus === undefined ? cpuPeriod : 0,
    CpuQuota: cpus === undefined ? cpuQuota : 0,
    CpuRealtimePeriod: flags.cpuRtPeriod,
    CpuRealtimeRuntime: flags.cpuRtRuntime,
    CpuShares: flags.cpuShares,
    CpusetCpus: flags.cpusetCpus,
    CpusetMems: flags.cpusetMems,
    // The two ways to say it exclude each other: the one given now holds.
    NanoCpus:
      cpus === undefined ? ((cpuPeriod ?? cpuQuota) === undefined ? undefined : 0) : nanoCpus(cpus),
    Memory: bytes('--memory', flags.memory),
    MemoryReservation: bytes('--memory-reservation', flags.memoryReservation),
    MemorySwap: flags.memorySwap === '-1' ? -1 : bytes('--memory-swap', flags.memorySwap),
    PidsLimit: flags.pidsLimit,
    RestartPolicy: flags.restart === undefined ? undefined : restartPolicy(flags.restart),
  };
  return Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== undefined));
}

/** A memory limit moves the swap limit that was derived from the old one along, as at the creation. */
function swapOf(change: Partial<HostConfig>, now: HostConfig, name: string): Partial<HostConfig> {
  const { Memory, MemorySwap } = change;
  if (!Memory || MemorySwap !== undefined) return {};
  if (!now.MemorySwap || now.MemorySwap === (now.Memory ?? 0) * 2)
    return { MemorySwap: Memory * 2 };
  if (now.MemorySwap > 0 && Memory > now.MemorySwap) {
    throw new AppError(
      'ENGINE_UPDATE_INVALID',
      `cannot update container ${name}: memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time`,
    );
  }
  return {};
}

function bytes(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = parseByteSize(text);
  if (value !== undefined) return value;
  throw new AppError('CLI_USAGE', `invalid argument "${text}" for "${flag}" flag: invalid size`);
}

function nanoCpus(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return Math.round(value * 1e9);
  throw new AppError(
    'CLI_USAGE',
    `invalid argument "${text}" for "--cpus" flag: not a number of processors`,
  );
}

function restartPolicy(text: string): HostConfig['RestartPolicy'] {
  const [name = '', retries] = text.split(':');
  if (!['no', 'always', 'on-failure', 'unless-stopped'].includes(name)) {
    throw new AppError(
      'ENGINE_UPDATE_INVALID',
      `invalid restart policy: unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
    );
  }
  if (retries !== undefined && (name !== 'on-failure' || !/^\d+$/.test(retries))) {
    throw new AppError('ENGINE_UPDATE_INVALID', `invalid restart policy: '${text}'`);
  }
  return { Name: name, MaximumRetryCount: Number(retries ?? 0) };
}
