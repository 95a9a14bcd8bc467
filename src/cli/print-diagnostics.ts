import { relative } from 'node:path';
import { type Diagnostic, formatPlace, type SourceRange } from '../core/index.ts';
import type { CommandContext } from './context.ts';

type Output = Pick<CommandContext, 'host' | 'err'>;

/** Prints warnings of loading, one line each with its place. */
export function printWarnings(context: Output, diagnostics: readonly Diagnostic[]): void {
  for (const { code, severity, message, range, related = [] } of diagnostics) {
    if (severity !== 'warning') continue;
    const place = range === undefined ? '' : `${shortPlace(range, context.host.cwd)}: `;
    context.err(`WARN: ${place}${message}\n`);
    // a variable may be used everywhere
    for (const other of code === 'COMPOSE_VARIABLE_UNSET' ? [] : related) {
      context.err(`      ${shortPlace(other.range, context.host.cwd)}: ${other.message}\n`);
    }
  }
}

/** `file:line:col`, the file relative to the current folder where it lies in it. */
export function shortPlace(range: SourceRange, cwd: string): string {
  return formatPlace({ ...range, file: shortPath(range.file, cwd) });
}

/** The file relative to the current folder where it lies in it. */
export function shortPath(file: string, cwd: string): string {
  if (!file.startsWith('/')) return file;
  const path = relative(cwd, file);
  return path.startsWith('..') ? file : path;
}
