import type { Diagnostic } from '../core/index.ts';

/** Findings in the user's files that keep a command from going on; printed one by one with their places. */
export class DiagnosticsError extends Error {
  override readonly name = 'DiagnosticsError';
  readonly diagnostics: readonly Diagnostic[];
  readonly exitCode = 1;

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics[0]?.message ?? 'the project cannot be loaded');
    this.diagnostics = diagnostics;
  }
}
