import type { Flag } from '../command.ts';
import { goJson } from '../text/go-json.ts';
import { formatTable } from '../text/table.ts';

/**
 * One row as `--format` sees it: fields by the names that Docker gives them, in the form in which they are shown. A field
 * may be a function, as Docker's `.Label "key"`; it is left out of JSON.
 */
export type ListingRow = Readonly<Record<string, unknown>>;

/** What a listing command can show. */
export interface Listing {
  /** The column title of each field that a `table` template may name. */
  readonly titles: Readonly<Record<string, string>>;
  /** Fields of the table that is shown without `--format`. */
  readonly table: readonly string[];
  /** Least width of a column with its gap. */
  readonly minimumWidth?: number;
}

/** The `--format` flag of all listings. */
export const formatFlag: Flag = {
  flags: '--format <format>',
  description: 'table, table TEMPLATE, json or a Go template',
  suggestions: ['table', 'json'],
  default: 'table',
};

/** The same for those of Docker Compose's listings that know no templates. */
export const listFormatFlag: Flag = {
  flags: '--format <format>',
  description: 'Format output as a table or as JSON',
  suggestions: ['table', 'json'],
  default: 'table',
  choices: ['table', 'json'],
};

/**
 * Rows in the form that `--format` asks for: `table`, `json` (one object a line), `table TEMPLATE` or `TEMPLATE`, as
 * Docker's listings take it.
 * @throws {AppError} `CLI_TEMPLATE`
 */
export async function renderListing(
  listing: Listing,
  rows: readonly ListingRow[],
  format: string,
): Promise<string> {
  if (format === 'json') return rows.map((row) => `${goJson(byKey(row))}\n`).join('');
  if (format === 'table' || format === '') {
    return formatTable(
      listing.table.map((field) => listing.titles[field] ?? field),
      rows.map((row) => listing.table.map((field) => String(row[field] ?? ''))),
      listing.minimumWidth,
    );
  }
  const { renderTemplate } = await import('./render-template.ts');
  return renderTemplate(listing, rows, format);
}

/** Docker's objects have their keys in the order of the alphabet. */
function byKey(row: ListingRow): ListingRow {
  return Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
}
