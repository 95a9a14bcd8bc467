import { join } from 'node:path';
import { type CacheEntry, listBuildCache } from '../../../build/index.ts';
import type { ContainerInfo, VolumeInspectInfo } from '../../../engine/index.ts';
import { type StoreUsage, storeUsage, treeSize } from '../../../image/index.ts';
import type { CommandContext } from '../../context.ts';

/** What everything takes on the disk. Bytes. */
export interface DiskUsage {
  readonly images: StoreUsage;
  readonly containers: readonly { readonly info: ContainerInfo; readonly size: number }[];
  readonly volumes: readonly {
    readonly info: VolumeInspectInfo;
    readonly size: number;
    /** Containers that have it. */
    readonly links: number;
  }[];
  readonly cache: readonly CacheEntry[];
}

/** Looks at every file there is: takes its time. */
export async function diskUsage(context: CommandContext): Promise<DiskUsage> {
  const { roots } = context;
  const engine = await context.engine();
  const infos = await engine.listContainers({ all: true });
  const { Volumes } = await engine.listVolumes();
  const containers: { info: ContainerInfo; size: number }[] = [];
  for (const info of infos) {
    // Its writable layer, its log and its records.
    containers.push({ info, size: await treeSize(join(roots.data, 'containers', info.Id)) });
  }
  const volumes: { info: VolumeInspectInfo; size: number; links: number }[] = [];
  for (const info of Volumes) {
    const links = infos.filter(({ Mounts = [] }) =>
      Mounts.some(({ Type, Name }) => Type === 'volume' && Name === info.Name),
    ).length;
    volumes.push({ info, size: await treeSize(info.Mountpoint), links });
  }
  return {
    images: await storeUsage(roots),
    containers,
    volumes,
    cache: await listBuildCache(roots),
  };
}
