import { humanDuration } from '../../../core/index.ts';
import { familiarRepository, parseReference } from '../../../image/index.ts';
import { containerFields } from '../../container-listing.ts';
import { formatBytes } from '../../text/format-bytes.ts';
import { stripControls } from '../../text/strip-controls.ts';
import { formatTable } from '../../text/table.ts';
import type { DiskUsage } from './disk-usage.ts';

type Rows = Readonly<Record<string, string>>[];

/** Field → column title, of each table. */
const columns = {
  Images: {
    Repository: 'REPOSITORY',
    Tag: 'TAG',
    ID: 'IMAGE ID',
    CreatedSince: 'CREATED',
    Size: 'SIZE',
    SharedSize: 'SHARED SIZE',
    UniqueSize: 'UNIQUE SIZE',
    Containers: 'CONTAINERS',
  },
  Containers: {
    ID: 'CONTAINER ID',
    Image: 'IMAGE',
    Command: 'COMMAND',
    LocalVolumes: 'LOCAL VOLUMES',
    Size: 'SIZE',
    RunningFor: 'CREATED',
    Status: 'STATUS',
    Names: 'NAMES',
  },
  Volumes: { Name: 'VOLUME NAME', Links: 'LINKS', Size: 'SIZE' },
  BuildCache: {
    ID: 'CACHE ID',
    CacheType: 'CACHE TYPE',
    Size: 'SIZE',
    LastUsedSince: 'LAST USED',
    Shared: 'SHARED',
    Description: 'STEP',
  },
} as const;

const titles = {
  Images: 'Images space usage:',
  Containers: 'Containers space usage:',
  Volumes: 'Local Volumes space usage:',
  BuildCache: 'Build cache usage:',
} as const;

/** One object, as `docker system df -v --format json` prints it. */
export function verboseJson(usage: DiskUsage, nowMs: number): Record<keyof typeof columns, Rows> {
  return {
    Images: imageRows(usage, nowMs),
    Containers: usage.containers.map(({ info, size }) => ({
      ...strings(containerFields(info, nowMs, true)),
      ID: info.Id.slice(0, 12),
      Names: info.Names.map((name) => name.replace(/^\//, '')).join(','),
      Size: formatBytes(size),
      State: info.State,
    })),
    Volumes: usage.volumes.map(({ info, size, links }) => ({
      Name: info.Name,
      Driver: info.Driver,
      Mountpoint: info.Mountpoint,
      Links: String(links),
      Size: formatBytes(size),
    })),
    BuildCache: usage.cache.map(({ id, type, size, usedMs, isShared, description }) => ({
      ID: id.slice(0, 12),
      CacheType: type,
      Size: formatBytes(size),
      LastUsedSince: `${humanDuration(nowMs - usedMs)} ago`,
      Shared: String(isShared),
      Description: stripControls(description).replace(/\s+/g, ' ').slice(0, 60),
    })),
  };
}

/** Four tables. */
export function verboseText(usage: DiskUsage, nowMs: number): string {
  const rows = verboseJson(usage, nowMs);
  return (Object.keys(columns) as (keyof typeof columns)[])
    .map((kind) => {
      const fields = Object.keys(columns[kind]);
      const table = formatTable(
        Object.values(columns[kind]),
        rows[kind].map((row) => fields.map((field) => row[field] ?? '')),
      );
      return `${titles[kind]}\n\n${table}`;
    })
    .join('\n');
}

function imageRows({ images, containers }: DiskUsage, nowMs: number): Rows {
  return images.images.flatMap(({ image, size, shared }) => {
    const names = (image.RepoTags ?? []).length > 0 ? image.RepoTags : [undefined];
    return (names ?? [undefined]).map((name) => {
      const reference = name === undefined ? undefined : parseReference(name);
      return {
        Repository: reference === undefined ? '<none>' : familiarRepository(reference),
        Tag: reference?.tag ?? '<none>',
        ID: image.Id.slice(7, 19),
        CreatedSince: `${humanDuration(nowMs - image.Created * 1000)} ago`,
        Size: formatBytes(size),
        SharedSize: formatBytes(shared),
        UniqueSize: formatBytes(size - shared),
        Containers: String(containers.filter(({ info }) => info.ImageID === image.Id).length),
      };
    });
  });
}

/** Functions are for templates only. */
function strings(row: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(row).flatMap(([key, value]) =>
      typeof value === 'string' ? [[key, value]] : [],
    ),
  );
}
