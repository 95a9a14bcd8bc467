import { defineCommand } from '../../command.ts';
import { formatFlag, type Listing, type ListingRow, renderListing } from '../../listing/index.ts';
import { formatBytes } from '../../text/format-bytes.ts';
import { verboseJson, verboseText } from './df-verbose.ts';
import { type DiskUsage, diskUsage } from './disk-usage.ts';

const listing: Listing = {
  titles: {
    Type: 'TYPE',
    TotalCount: 'TOTAL',
    Active: 'ACTIVE',
    Size: 'SIZE',
    Reclaimable: 'RECLAIMABLE',
  },
  table: ['Type', 'TotalCount', 'Active', 'Size', 'Reclaimable'],
};

/** `coracle system df`. */
export const systemDf = defineCommand<{ readonly format: string; readonly verbose?: boolean }>({
  name: 'df',
  positional: '',
  summary: 'Show disk usage',
  flags: [formatFlag, { flags: '-v, --verbose', description: 'Show each thing' }],
  examples: ['coracle system df', 'coracle system df -v --format json'],
  async run(context, _args, { format, verbose = false }) {
    const usage = await diskUsage(context);
    const nowMs = context.host.now();
    if (!verbose) context.out(await renderListing(listing, summaryRows(usage), format));
    else if (format === 'json') context.out(`${JSON.stringify(verboseJson(usage, nowMs))}\n`);
    else context.out(verboseText(usage, nowMs));
    return 0;
  },
});

/** The four rows of Docker's table. */
function summaryRows({ images, containers, volumes, cache }: DiskUsage): ListingRow[] {
  const used = new Set(containers.map(({ info }) => info.ImageID));
  const running = containers.filter(({ info }) => isActive(info.State));
  const linked = volumes.filter(({ links }) => links > 0);
  const shared = cache.filter(({ isShared }) => isShared);
  return [
    row('Images', images.images.length, used.size, images.size, {
      free: images.size - images.sizeOf(({ Id }) => used.has(Id)),
    }),
    row('Containers', containers.length, running.length, sum(containers), {
      free: sum(containers) - sum(running),
    }),
    row('Local Volumes', volumes.length, linked.length, sum(volumes), {
      free: sum(volumes) - sum(linked),
    }),
    row('Build Cache', cache.length, shared.length, sum(cache), { free: sum(cache), plain: true }),
  ];
}

function row(
  type: string,
  total: number,
  active: number,
  size: number,
  { free, plain = false }: { readonly free: number; readonly plain?: boolean },
): ListingRow {
  const percent = plain || size === 0 ? '' : ` (${Math.floor((free / size) * 100)}%)`;
  return {
    Type: type,
    TotalCount: String(total),
    Active: String(active),
    Size: formatBytes(size),
    Reclaimable: `${formatBytes(free)}${percent}`,
  };
}

function isActive(state: string): boolean {
  return state === 'running' || state === 'paused' || state === 'restarting';
}

function sum(things: readonly { readonly size: number }[]): number {
  return things.reduce((bytes, { size }) => bytes + size, 0);
}
