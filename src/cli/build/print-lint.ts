import type { Linted, LintWarning } from '../../build/index.ts';
import { renderDiagnostic } from '../../core/index.ts';
import type { CommandContext } from '../context.ts';
import { shortPath, shortPlace } from '../print-diagnostics.ts';
import { stripControls } from '../text/strip-controls.ts';

/** A line a warning, as a build prints them at its end: `Dockerfile:2:1: warning: … (StageNameCasing)`. */
export function printLint(
  context: Pick<CommandContext, 'host' | 'err'>,
  warnings: readonly LintWarning[],
): void {
  for (const { rule, range, message } of warnings) {
    const place = shortPlace(range, context.host.cwd);
    context.err(`${place}: warning: ${stripControls(message)} (${rule})\n`);
  }
}

/** What `build --check` prints: every warning with its line. @returns the exit code: 1 where there are any. */
export function printChecked(context: CommandContext, checked: readonly Linted[]): number {
  const count = checked.reduce((sum, { warnings }) => sum + warnings.length, 0);
  if (count === 0) {
    context.out('Check complete, no warnings found.\n');
    return 0;
  }
  const found = count === 1 ? '1 warning has' : `${count} warnings have`;
  context.out(`Check complete, ${found} been found!\n`);
  for (const { warnings, text } of checked) {
    for (const { rule, range, message } of warnings) {
      const shown = renderDiagnostic(
        { code: rule, severity: 'warning', message: `${stripControls(message)} (${rule})`, range },
        { textOf: () => text, shortenFile: (file) => shortPath(file, context.host.cwd) },
      );
      context.out(`\n${shown}`);
    }
  }
  return 1;
}
