import { humanDuration } from '../../core/index.ts';
import {
  type Digest,
  familiarRepository,
  type ImageInfo,
  listImages,
  parseReference,
  referenceMatcher,
} from '../../image/index.ts';
import { defineCommand } from '../command.ts';
import { formatFlag, type Listing, type ListingRow, renderListing } from '../listing/index.ts';
import { formatBytes } from '../text/format-bytes.ts';
import { goTimestamp } from '../text/go-timestamp.ts';
import { parseFilters } from './image-filters.ts';

interface Flags {
  readonly quiet?: boolean;
  readonly trunc: boolean;
  readonly digests?: boolean;
  readonly format: string;
  readonly filter?: readonly string[];
}

const imageListing: Listing = {
  titles: {
    Repository: 'REPOSITORY',
    Tag: 'TAG',
    Digest: 'DIGEST',
    ID: 'IMAGE ID',
    CreatedSince: 'CREATED',
    CreatedAt: 'CREATED AT',
    Size: 'SIZE',
    Containers: 'CONTAINERS',
    SharedSize: 'SHARED SIZE',
    UniqueSize: 'UNIQUE SIZE',
    VirtualSize: 'SIZE',
  },
  table: ['Repository', 'Tag', 'ID', 'CreatedSince', 'Size'],
};
const withDigest = ['Repository', 'Tag', 'Digest', 'ID', 'CreatedSince', 'Size'];

/** One line of the list: an image under one of its names. */
interface Row {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  readonly image: ImageInfo;
}

/** `coracle image ls [REPOSITORY[:TAG]]`. */
export const imageLs = defineCommand<Flags>({
  name: 'ls',
  positional: '[REPOSITORY[:TAG]]',
  summary: 'List images',
  flags: [
    { flags: '-q, --quiet', description: 'Only show ids' },
    { flags: '--no-trunc', description: "Don't shorten ids" },
    { flags: '--digests', description: 'Show digests' },
    formatFlag,
    {
      flags: '-f, --filter <key=value>',
      description: 'label, reference or dangling',
      kind: 'list',
    },
  ],
  examples: ['coracle images', "coracle images --format '{{.Repository}}:{{.Tag}} {{.Size}}'"],
  async run(context, [pattern], flags) {
    const filters = parseFilters(flags.filter ?? []);
    if (pattern !== undefined) filters.reference = [...(filters.reference ?? []), pattern];
    const rows = listImages(context.roots, { filters })
      .flatMap(rowsOf)
      .filter((row) => pattern === undefined || isNamed(row, pattern));
    const lines = rows.map((row) => listingRow(row, context.host.now(), flags.trunc));
    if (flags.quiet) context.out([...new Set(lines.map(({ ID }) => `${ID}\n`))].join(''));
    else {
      const listing = flags.digests ? { ...imageListing, table: withDigest } : imageListing;
      context.out(await renderListing(listing, lines, flags.format));
    }
    return 0;
  },
});

function rowsOf(image: ImageInfo): Row[] {
  const names = image.RepoTags ?? [];
  if (names.length === 0) {
    return [{ repository: '<none>', tag: '<none>', digest: '<none>', image }];
  }
  return names.map((name) => {
    const reference = parseReference(name);
    const repository = familiarRepository(reference);
    const prefix = `${repository}@`;
    const named = image.RepoDigests?.find((text) => text.startsWith(prefix));
    const digest = named === undefined ? '<none>' : (named.slice(prefix.length) as Digest);
    return { repository, tag: reference.tag ?? '<none>', digest, image };
  });
}

/** An image that fits by one of its names is listed under that one only. */
function isNamed({ repository, tag }: Row, pattern: string): boolean {
  const matches = referenceMatcher(pattern);
  return matches(`${repository}:${tag}`);
}

/** The fields of Docker's `image ls`. */
function listingRow(
  { repository, tag, digest, image }: Row,
  nowMs: number,
  truncate: boolean,
): ListingRow {
  return {
    Containers: 'N/A',
    CreatedAt: goTimestamp(image.Created * 1000),
    CreatedSince: `${humanDuration(nowMs - image.Created * 1000)} ago`,
    Digest: digest,
    ID: truncate ? image.Id.slice(7, 19) : image.Id,
    Repository: repository,
    SharedSize: 'N/A',
    Size: formatBytes(image.Size),
    Tag: tag,
    UniqueSize: 'N/A',
    VirtualSize: formatBytes(image.Size),
  };
}
