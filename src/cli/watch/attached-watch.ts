import type { CommandContext, LoadedProject } from '../context.ts';
import { allowsAnsi, createPaint } from '../text/paint.ts';
import { takeOverBackgroundWatch } from './background-watch.ts';
import { openProjectWatch } from './project-watch.ts';
import { ruleLines, WatchPrinter } from './watch-printer.ts';

/** A watch that goes on beside the output of `up`. */
export interface AttachedWatch {
  /** What is watched, a line each. */
  readonly rules: readonly string[];
  /** Begins it; `line` prints between the containers' own lines. Returns how to end it. */
  readonly begin: (line: (text: string) => void) => Promise<() => Promise<void>>;
}

/** @throws {AppError} `WATCH_NOT_CONFIGURED` */
export async function attachedWatch(
  context: CommandContext,
  loaded: LoadedProject,
  services: readonly string[],
): Promise<AttachedWatch> {
  let printer: WatchPrinter | undefined;
  const watch = await openProjectWatch(context, loaded, {
    services,
    prune: true,
    quiet: false,
    emit: (event) => printer?.print(event),
  });
  return {
    rules: ruleLines(watch.rules),
    async begin(line) {
      const { host, options } = context;
      const paint = createPaint(allowsAnsi(options, host.env, host.stdout));
      printer = new WatchPrinter({ host, paint, line, debug: options.debug });
      await takeOverBackgroundWatch(context, loaded.project.name);
      await watch.start();
      return () => watch.close();
    },
  };
}
