import type { Flag } from '../command.ts';

/** `--trace`, of every command that runs a plan; {@link main} begins the trace. */
export const traceFlag: Flag = {
  flags: '--trace [file.json]',
  description:
    'Print the critical path, from the start of the process on; to a file: all events, for chrome://tracing',
  nextWord: /\.json$/,
};
