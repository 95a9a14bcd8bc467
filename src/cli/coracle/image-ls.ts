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
import { formatBytes } from '../text/format-bytes.ts';
import { goTimestamp } from '../text/go-timestamp.ts';
import { formatTable } from '../text/table.ts';
import { parseFilters } from './image-filters.ts';

interface Flags {
  readonly quiet?: boolean;
  readonly trunc: boolean;
  readonly digests?: boolean;
  readonly format: string;
  readonly filter?: readonly string[];
}

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
    {
      flags: '--format <format>',
      description: 'Output',
      choices: ['table', 'json'],
      default: 'table',
    },
    {
      flags: '-f, --filter <key=value>',
      description: 'label, reference or dangling',
      kind: 'list',
    },
  ],
  async run(context, [pattern], flags) {
    const filters = parseFilters(flags.filter ?? []);
    if (pattern !== undefined) filters.reference = [...(filters.reference ?? []), pattern];
    const rows = listImages(context.roots, { filters })
      .flatMap(rowsOf)
      .filter((row) => pattern === undefined || isNamed(row, pattern));
    const id = (image: ImageInfo) => (flags.trunc ? image.Id.slice(7, 19) : image.Id);
    const age = (image: ImageInfo) => humanDuration(context.host.now() - image.Created * 1000);
    if (flags.quiet) {
      context.out([...new Set(rows.map(({ image }) => `${id(image)}\n`))].join(''));
    } else if (flags.format === 'json') {
      for (const row of rows) {
        context.out(`${JSON.stringify(toJson(row, id(row.image), age(row.image)))}\n`);
      }
    } else {
      const head = [
        'REPOSITORY',
        'TAG',
        ...(flags.digests ? ['DIGEST'] : []),
        'IMAGE ID',
        'CREATED',
        'SIZE',
      ];
      const lines = rows.map(({ repository, tag, digest, image }) => [
        repository,
        tag,
        ...(flags.digests ? [digest] : []),
        id(image),
        `${age(image)} ago`,
        formatBytes(image.Size),
      ]);
      context.out(formatTable(head, lines));
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

/** The keys of `docker image ls --format json`. */
function toJson({ repository, tag, digest, image }: Row, id: string, age: string): object {
  return {
    Containers: 'N/A',
    CreatedAt: goTimestamp(image.Created * 1000),
    CreatedSince: `${age} ago`,
    Digest: digest,
    ID: id,
    Repository: repository,
    SharedSize: 'N/A',
    Size: formatBytes(image.Size),
    Tag: tag,
    UniqueSize: 'N/A',
    VirtualSize: formatBytes(image.Size),
  };
}
