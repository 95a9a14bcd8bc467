import { AppError } from '../../core/index.ts';
import {
  evaluateTemplate,
  type FunctionTable,
  parseTemplate,
  TemplateError,
  templateFunctions,
} from '../template/index.ts';
import { formatTable } from '../text/table.ts';
import type { Listing, ListingRow } from './listing.ts';

/** A template per row, or with `table ` before it under a line of titles. @throws {AppError} `CLI_TEMPLATE` */
export function renderTemplate(
  { titles, minimumWidth }: Listing,
  rows: readonly ListingRow[],
  format: string,
): string {
  const isTable = /^table\s/.test(format);
  const source = (isTable ? format.slice(6).trim() : format)
    .replaceAll('\\t', '\t')
    .replaceAll('\\n', '\n');
  return explaining(format, () => {
    const template = parseTemplate(source);
    const lines = rows.map((row) => evaluateTemplate(template, row));
    if (!isTable) return lines.map((line) => `${line}\n`).join('');
    const title = evaluateTemplate(template, withLabelTitle(titles), titleFunctions);
    const [head = [], ...body] = [title, ...lines].map((line) => line.split('\t'));
    return formatTable(head, body, minimumWidth);
  });
}

/**
 * A template applied to one value, as `inspect --format` does.
 * @throws {AppError} `CLI_TEMPLATE`
 */
export function renderValue(value: unknown, format: string): string {
  return explaining(format, () => evaluateTemplate(parseTemplate(format), value));
}

function explaining(format: string, work: () => string): string {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw new AppError('CLI_TEMPLATE', `template parsing error: ${error.message}`, {
      hint: `The format was ${JSON.stringify(format)}; see its fields with --format json.`,
    });
  }
}

/** In the line of titles a function must let the title through as it is. */
const titleFunctions: FunctionTable = {
  ...templateFunctions,
  ...Object.fromEntries(
    ['json', 'join', 'split', 'lower', 'upper', 'title', 'pad', 'truncate'].map((name) => [
      name,
      (value: unknown) => value,
    ]),
  ),
};

/** Docker heads a label's column with the last part of its key. */
function withLabelTitle(titles: Readonly<Record<string, string>>): Record<string, unknown> {
  return { ...titles, Label: (key: unknown) => String(key).split(/[-_.]/).at(-1) };
}
