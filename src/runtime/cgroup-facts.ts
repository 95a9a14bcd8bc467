import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isErrno } from '../state/index.ts';

/** What the kernel counts for one container. */
export interface CgroupFacts {
  /** Processor time since its start. */
  readonly cpuNs: number;
  /** Without what of the page cache nobody has used for long, as Docker counts. */
  readonly memoryBytes: number;
  /** Infinity: none. */
  readonly memoryLimitBytes: number;
  readonly pids: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/** Where cgroups are mounted, everywhere. */
export const cgroupRoot = '/sys/fs/cgroup';

/**
 * Reads a cgroup's counters, of either version.
 * @param path below each hierarchy's root: `/coracle/<id>`.
 * @returns undefined where it is not there.
 */
export function readCgroupFacts(path: string, root: string = cgroupRoot): CgroupFacts | undefined {
  return existsSync(`${root}/cgroup.controllers`)
    ? version2(`${root}${path}`)
    : version1((controller) => `${root}/${controller}${path}`);
}

/** Processes in a cgroup and those below it, as this process counts them. */
export function cgroupProcesses(path: string, root: string = cgroupRoot): number[] {
  const hierarchy = existsSync(`${root}/cgroup.controllers`)
    ? root
    : ['pids', 'memory', 'cpu', 'freezer']
        .map((name) => `${root}/${name}`)
        .find((folder) => existsSync(`${folder}${path}`));
  return hierarchy === undefined ? [] : processesBelow(`${hierarchy}${path}`);
}

function processesBelow(folder: string): number[] {
  const own = read(`${folder}/cgroup.procs`)?.split('\n').filter(Boolean).map(Number) ?? [];
  return [...own, ...subfolders(folder).flatMap((name) => processesBelow(`${folder}/${name}`))];
}

function subfolders(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

function version2(folder: string): CgroupFacts | undefined {
  const pids = number(read(`${folder}/pids.current`));
  const usage = number(read(`${folder}/memory.current`));
  const cpu = read(`${folder}/cpu.stat`);
  if (cpu === undefined) return undefined;
  const io = (read(`${folder}/io.stat`) ?? '').matchAll(/\b(rbytes|wbytes)=(\d+)/g);
  const bytes = { rbytes: 0, wbytes: 0 };
  for (const [, key, value] of io) bytes[key as keyof typeof bytes] += Number(value);
  return {
    cpuNs: keyed(cpu, 'usage_usec') * 1000,
    memoryBytes: withoutCache(usage, keyed(read(`${folder}/memory.stat`), 'inactive_file')),
    memoryLimitBytes: limit(read(`${folder}/memory.max`)),
    // Without the controller, by counting.
    pids: pids || processesBelow(folder).length,
    readBytes: bytes.rbytes,
    writtenBytes: bytes.wbytes,
  };
}

function version1(folder: (controller: string) => string): CgroupFacts | undefined {
  const cpu = read(`${folder('cpuacct')}/cpuacct.usage`);
  const memory = folder('memory');
  const usage = read(`${memory}/memory.usage_in_bytes`);
  if (cpu === undefined && usage === undefined) return undefined;
  const io =
    read(`${folder('blkio')}/blkio.throttle.io_service_bytes_recursive`) ??
    read(`${folder('blkio')}/blkio.throttle.io_service_bytes`) ??
    '';
  const sum = (kind: string) =>
    [...io.matchAll(new RegExp(`^\\d+:\\d+ ${kind} (\\d+)$`, 'gm'))].reduce(
      (total, [, value]) => total + Number(value),
      0,
    );
  return {
    cpuNs: number(cpu),
    memoryBytes: withoutCache(
      number(usage),
      keyed(read(`${memory}/memory.stat`), 'total_inactive_file'),
    ),
    memoryLimitBytes: limit(read(`${memory}/memory.limit_in_bytes`)),
    pids: number(read(`${folder('pids')}/pids.current`)),
    readBytes: sum('Read'),
    writtenBytes: sum('Write'),
  };
}

function withoutCache(usage: number, inactive: number): number {
  return inactive < usage ? usage - inactive : usage;
}

/** Version 1 writes "no limit" as the largest multiple of a page, version 2 as `max`. */
function limit(text: string | undefined): number {
  const value = Number((text ?? 'max').trim());
  return Number.isNaN(value) || value > 2 ** 60 ? Number.POSITIVE_INFINITY : value;
}

function keyed(text: string | undefined, key: string): number {
  return Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(text ?? '')?.[1] ?? 0);
}

function number(text: string | undefined): number {
  return Number((text ?? '0').trim());
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // ENODEV: the cgroup was removed between its opening and the reading.
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENODEV') || isErrno(error, 'ENOTDIR'))
      return undefined;
    throw error;
  }
}
