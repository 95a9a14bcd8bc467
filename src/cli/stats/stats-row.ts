import type { ContainerStats } from '../../engine/index.ts';
import type { Listing, ListingRow } from '../listing/index.ts';
import { formatBinaryBytes, formatBytes } from '../text/format-bytes.ts';

/** `stats` of both programs. */
export const statsListing: Listing = {
  titles: {
    Container: 'CONTAINER',
    ID: 'CONTAINER ID',
    Name: 'NAME',
    CPUPerc: 'CPU %',
    MemUsage: 'MEM USAGE / LIMIT',
    MemPerc: 'MEM %',
    NetIO: 'NET I/O',
    BlockIO: 'BLOCK I/O',
    PIDs: 'PIDS',
  },
  table: ['ID', 'Name', 'CPUPerc', 'MemUsage', 'MemPerc', 'NetIO', 'BlockIO', 'PIDs'],
};

/** A moment's counters and when they were read, in milliseconds of a clock that only goes forward. */
export interface Sample {
  readonly atMs: number;
  readonly stats: ContainerStats;
}

/** One container's row. Without a sample it does not run: all is zero, as in Docker. */
export function statsRow(
  container: { readonly id: string; readonly name: string; readonly asked: string },
  before: Sample | undefined,
  now: Sample | undefined,
  truncate: boolean,
): ListingRow {
  const stats = now?.stats;
  const limit = stats?.memoryLimitBytes ?? 0;
  const memory = stats?.memoryBytes ?? 0;
  return {
    Container: container.asked,
    ID: truncate ? container.id.slice(0, 12) : container.id,
    Name: container.name,
    CPUPerc: `${cpuPercent(before, now).toFixed(2)}%`,
    MemUsage: `${formatBinaryBytes(memory)} / ${formatBinaryBytes(limit)}`,
    MemPerc: `${(limit === 0 ? 0 : (memory / limit) * 100).toFixed(2)}%`,
    NetIO: `${formatBytes(stats?.receivedBytes ?? 0)} / ${formatBytes(stats?.sentBytes ?? 0)}`,
    BlockIO: `${formatBytes(stats?.readBytes ?? 0)} / ${formatBytes(stats?.writtenBytes ?? 0)}`,
    PIDs: String(stats?.pids ?? 0),
  };
}

/** 100 is one processor. */
function cpuPercent(before: Sample | undefined, now: Sample | undefined): number {
  if (before === undefined || now === undefined || now.atMs <= before.atMs) return 0;
  const used = (now.stats.cpuNs - before.stats.cpuNs) / 1e6;
  return used <= 0 ? 0 : (used / (now.atMs - before.atMs)) * 100;
}
