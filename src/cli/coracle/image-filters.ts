import { AppError } from '../../core/index.ts';

/**
 * `--filter key=value`, several of them.
 * @throws {AppError} `CLI_USAGE`
 */
export function parseFilters(texts: readonly string[]): Record<string, string[]> {
  const filters: Record<string, string[]> = {};
  for (const text of texts) {
    const equals = text.indexOf('=');
    if (equals < 1) {
      throw new AppError('CLI_USAGE', `filter "${text}" is not KEY=VALUE`, {
        hint: 'Write it as label=com.example.stage=test.',
      });
    }
    const key = text.slice(0, equals);
    filters[key] = [...(filters[key] ?? []), text.slice(equals + 1)];
  }
  return filters;
}
