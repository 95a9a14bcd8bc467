import { readFileSync } from 'node:fs';
import { arch, cpus, hostname, release, totalmem } from 'node:os';
import type { EngineContext } from '../engine-context.ts';
import { observeContainers } from './observed-containers.ts';

/** The part of Docker's `GET /info` that has an answer here. */
export interface EngineInfo {
  readonly Containers: number;
  readonly ContainersRunning: number;
  readonly ContainersPaused: number;
  readonly ContainersStopped: number;
  readonly Driver: 'overlay';
  readonly CgroupVersion: '1' | '2';
  readonly KernelVersion: string;
  readonly Architecture: string;
  readonly OSType: 'linux';
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly Name: string;
  readonly DockerRootDir: string;
}

/** Counts and facts of this machine; nothing is spawned. */
export function engineInfo(context: EngineContext): EngineInfo {
  const states = observeContainers(context).map(({ state }) => state.status);
  const count = (...wanted: readonly string[]) =>
    states.filter((status) => wanted.includes(status)).length;
  const running = count('running', 'restarting');
  const paused = count('paused');
  return {
    Containers: states.length,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: states.length - running - paused,
    Driver: 'overlay',
    CgroupVersion: hasCgroup2() ? '2' : '1',
    KernelVersion: release(),
    Architecture: arch() === 'x64' ? 'x86_64' : arch() === 'arm64' ? 'aarch64' : arch(),
    OSType: 'linux',
    NCPU: cpus().length,
    MemTotal: totalmem(),
    Name: hostname(),
    DockerRootDir: context.roots.data,
  };
}

/** A version 2 tree that has controllers; some machines mount one without beside version 1. */
function hasCgroup2(): boolean {
  try {
    return readFileSync('/sys/fs/cgroup/cgroup.controllers', 'utf8').trim() !== '';
  } catch {
    // ENOENT: version 1.
    return false;
  }
}
