import { AppError, humanDuration } from '../../core/index.ts';
import { type ImageHistoryEntry, imageHistory } from '../../image/index.ts';
import { defineCommand } from '../command.ts';
import { formatFlag, type Listing, type ListingRow, renderListing } from '../listing/index.ts';
import { formatBytes } from '../text/format-bytes.ts';
import { truncateText } from '../text/truncate.ts';

interface Flags {
  readonly format: string;
  readonly quiet?: boolean;
  readonly trunc: boolean;
}

const listing: Listing = {
  titles: {
    ID: 'IMAGE',
    CreatedSince: 'CREATED',
    CreatedAt: 'CREATED AT',
    CreatedBy: 'CREATED BY',
    Size: 'SIZE',
    Comment: 'COMMENT',
  },
  table: ['ID', 'CreatedSince', 'CreatedBy', 'Size', 'Comment'],
};

/** Docker's table gives the command so much room. */
const commandWidth = 45;

/** `coracle image history IMAGE`. */
export const imageHistoryCommand = defineCommand<Flags>({
  name: 'history',
  positional: 'IMAGE',
  summary: 'Show the history of an image',
  flags: [
    formatFlag,
    { flags: '--no-trunc', description: "Don't truncate output" },
    { flags: '-q, --quiet', description: 'Only show image IDs' },
  ],
  examples: ['coracle history nginx:1.27'],
  async run(context, [name, ...more], { format, quiet = false, trunc }) {
    if (name === undefined || more.length > 0)
      throw new AppError('CLI_USAGE', 'history needs one image');
    const rows = imageHistory(context.roots, name).map((step) =>
      rowOf(step, context.host.now(), trunc),
    );
    if (quiet) context.out(rows.map(({ ID }) => `${ID}\n`).join(''));
    else context.out(await renderListing(listing, rows, format));
    return 0;
  },
});

function rowOf(step: ImageHistoryEntry, nowMs: number, truncate: boolean): ListingRow {
  const { id, created, createdBy, comment, size } = step;
  const command = createdBy.replace(/\s+/g, ' ');
  return {
    Comment: comment,
    CreatedAt: created ?? '',
    CreatedBy: truncate ? truncateText(command, commandWidth) : command,
    CreatedSince:
      created === undefined ? 'N/A' : `${humanDuration(nowMs - Date.parse(created))} ago`,
    ID: truncate && id.startsWith('sha256:') ? id.slice(7, 19) : id,
    Size: formatBytes(size),
  };
}
