/**
 * The commands as functions, for a caller that is no terminal (`src/stack`): it brings its own host, reads flags with
 * `parseArguments` and is thrown errors instead of shown them.
 */
export { composeCommands } from './compose-commands.ts';
export { CommandContext, type LoadedProject } from './context.ts';
export { DiagnosticsError } from './diagnostics-error.ts';
export { globalFlags, readGlobalOptions } from './global-flags.ts';
export type { Host, OutputStream } from './host.ts';
export { followLogs, isProjectBusy, mergeEntries, watchContainers } from './logs/index.ts';
export { parseArguments, parseGlobalFlags } from './parse-flags.ts';
export { processHost } from './process-host.ts';
export { runningContainer, runningContainerId, selectContainers } from './select-containers.ts';
export { openProjectWatch } from './watch/project-watch.ts';
