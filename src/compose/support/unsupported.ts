import type { Diagnostic } from '../../core/index.ts';
import type { Origins } from '../load/index.ts';
import type { Project } from '../model/index.ts';
import { type SupportRow, supportTable } from './table.ts';

/**
 * What a project asks for and the runtime does not do, each at its place: errors for what is refused, warnings for what has
 * no effect. Service keys that are refused as a whole are the planner's to report.
 */
export function unsupported(project: Project, origins: Origins): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const [pattern, row] of Object.entries(supportTable)) {
    if (row.level !== 'partial') {
      visit(project, pattern.split('.'), [], (path, value) => {
        const applies = row.applies?.(value) ?? true;
        if (applies) {
          found.push(finding(path, row, origins));
        }
      });
    }
  }
  return found;
}

function finding(
  path: readonly string[],
  { level, why }: SupportRow,
  origins: Origins,
): Diagnostic {
  const key = path.join('.');
  const range = origins.origin(key);
  return {
    code: 'COMPOSE_UNSUPPORTED',
    severity: level === 'rejected' ? 'error' : 'warning',
    message: `${key} ${level === 'rejected' ? 'cannot be run' : 'has no effect'}: ${why}`,
    ...(range === undefined ? {} : { range }),
  };
}

function visit(
  value: unknown,
  [key, ...rest]: readonly string[],
  path: readonly string[],
  report: (path: readonly string[], value: unknown) => void,
): void {
  if (key === undefined) {
    report(path, value);
    return;
  }
  if (typeof value !== 'object' || value === null) {
    return;
  }
  for (const [name, below] of Object.entries(value)) {
    if ((key === '*' || key === name) && below !== undefined) {
      visit(below, rest, [...path, name], report);
    }
  }
}
