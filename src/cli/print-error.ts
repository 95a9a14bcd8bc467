import { readFileSync } from 'node:fs';
import {
  type AppError,
  type Diagnostic,
  hostFailure,
  isAppError,
  renderDiagnostic,
} from '../core/index.ts';
import type { DiagnosticsError } from './diagnostics-error.ts';
import type { Host } from './host.ts';
import { safeLine } from './logs/log-line.ts';
import { shortPath } from './print-diagnostics.ts';
import type { Paint } from './text/paint.ts';

/** What printing an error depends on. */
export interface PrintErrorOptions {
  readonly host: Pick<Host, 'stderr' | 'cwd'>;
  readonly paint: Paint;
  /** `--debug`: also stack traces. */
  readonly debug: boolean;
}

/**
 * Prints what made a command fail: message, place, last log lines, hint. Never a stack, unless asked for.
 * @returns the exit code.
 */
export function printError(thrown: unknown, options: PrintErrorOptions): number {
  const error = hostFailure(thrown) ?? thrown;
  if (isDiagnosticsError(error)) {
    for (const diagnostic of error.diagnostics) printDiagnostic(diagnostic, options);
    return error.exitCode;
  }
  if (isAppError(error)) {
    printAppError(error, options);
    if (options.debug) options.host.stderr.write(`${error.stack}\n`);
    return error.exitCode;
  }
  const { stderr } = options.host;
  const message = error instanceof Error ? error.message : String(error);
  stderr.write(`${options.paint.red('error:')} ${message}\n`);
  if (options.debug && error instanceof Error) stderr.write(`${error.stack}\n`);
  else
    stderr.write('  hint: This is a mistake of ours; --debug prints the stack trace to report.\n');
  return 1;
}

function printAppError(error: AppError, options: PrintErrorOptions): void {
  const { errors } = error.details as { errors?: readonly unknown[] };
  if (errors !== undefined) {
    for (const one of errors) printError(one, { ...options, debug: false });
    return;
  }
  const { stderr } = options.host;
  const { logLines, container, range, step, log, sourceText } = error.details as {
    logLines?: readonly string[];
    container?: string;
    /** A failed step of a build: its name and all that it put out. */
    step?: string;
    log?: string;
    /** Text of the named file, where it is not on disk. */
    sourceText?: string;
    range?: Diagnostic['range'];
  };
  for (const line of logLines ?? []) {
    stderr.write(`  ${options.paint.dim(`${container} |`)} ${safeLine(line)}\n`);
  }
  if (step !== undefined && log !== undefined) stderr.write(stepLog(step, log));
  if (range !== undefined) {
    const { code, message, hint } = error;
    printDiagnostic(
      { code, severity: 'error', message, range, ...(hint === undefined ? {} : { hint }) },
      options,
      sourceText,
    );
    return;
  }
  stderr.write(`${options.paint.red('error:')} ${error.message}\n`);
  if (error.hint !== undefined && error.hint !== '') stderr.write(`  hint: ${error.hint}\n`);
}

/** The output of a failed step between two rules, as BuildKit shows it. */
function stepLog(step: string, log: string): string {
  const rule = '------\n';
  const lines = log
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => `${safeLine(line)}\n`);
  return `${rule} > ${safeLine(step)}:\n${log === '' ? '' : lines.join('')}${rule}`;
}

function printDiagnostic(
  diagnostic: Diagnostic,
  { host, paint }: PrintErrorOptions,
  sourceText?: string,
): void {
  const text = renderDiagnostic(diagnostic, {
    paint,
    textOf: (file) => sourceText ?? fileText(file),
    shortenFile: (file) => shortPath(file, host.cwd),
  });
  host.stderr.write(text);
}

/** The text that an excerpt is cut from; none where the file cannot be read again. */
function fileText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** By name, as bundle chunks may hold two copies of the class. */
function isDiagnosticsError(error: unknown): error is DiagnosticsError {
  return error instanceof Error && error.name === 'DiagnosticsError';
}
