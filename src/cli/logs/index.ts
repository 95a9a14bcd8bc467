/**
 * Container output on the terminal: merged in time order, behind prefixes that no container can forge, and followed by
 * service through restarts and recreations.
 */
export { type FollowOptions, followLogs } from './follow-logs.ts';
export { LogPrinter, type LogPrinterOptions } from './log-printer.ts';
export { parseLogTime, parseTail } from './log-time.ts';
export { mergeEntries, type SourcedEntries } from './merge-entries.ts';
export { isProjectBusy, watchContainers } from './watch-events.ts';
