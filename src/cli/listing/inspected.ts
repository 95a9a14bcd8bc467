import type { Flag } from '../command.ts';
import { goJson } from '../text/go-json.ts';

/** The `--format` flag of all `inspect` commands. */
export const inspectFormatFlag: Flag = {
  flags: '-f, --format <format>',
  description: 'json or a Go template, applied to each object; else indented JSON of all',
  suggestions: ['json'],
};

/**
 * Inspected objects as `inspect` prints them: one JSON array, or with `--format` a line for each.
 * @throws {AppError} `CLI_TEMPLATE`
 */
export async function printInspected(
  objects: readonly unknown[],
  format: string | undefined,
): Promise<string> {
  if (format === undefined || format === '') return `${JSON.stringify(objects, undefined, 4)}\n`;
  if (format === 'json') return `${goJson(objects)}\n`;
  const { renderValue } = await import('./render-template.ts');
  return objects.map((object) => `${renderValue(object, format)}\n`).join('');
}
