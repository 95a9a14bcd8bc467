import type { CommandContext } from './context.ts';

/** Values of `-e`: `KEY=value` as it is; a bare `KEY` takes the caller's value, or is left out. */
export function environmentEntries(context: CommandContext, entries: readonly string[]): string[] {
  return entries.flatMap((entry) => {
    if (entry.includes('=')) return [entry];
    const value = context.host.env[entry];
    return value === undefined ? [] : [`${entry}=${value}`];
  });
}
