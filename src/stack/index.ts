/**
 * A compose project from TypeScript: {@link Stack} loads it, brings it up, looks into it, watches its sources and takes it
 * down. It runs the commands of `src/cli` in this process, so that whatever `compose` does it does as well; instead of
 * text there are values, events and thrown errors.
 */
export { Stack } from './stack.ts';
export type {
  StackContainer,
  StackDownOptions,
  StackExecOptions,
  StackLogLine,
  StackLogOptions,
  StackOptions,
  StackUpOptions,
  StackWatchOptions,
} from './stack-options.ts';
export { type StackEvents, StackWatch } from './stack-watch.ts';
