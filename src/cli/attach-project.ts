import type { Project } from '../compose/model/index.ts';
import { listProjectContainers } from '../compose/observe/index.ts';
import {
  type ObservedContainer,
  orderedServices,
  planBackwards,
  planTogether,
} from '../compose/plan/index.ts';
import { shortContainerName } from './container-name.ts';
import type { CommandContext } from './context.ts';
import { followLogs, isProjectBusy, LogPrinter, watchContainers } from './logs/index.ts';
import { runPlan } from './run-plan.ts';
import { compareContainers } from './select-containers.ts';
import { sharedAbort } from './shared-abort.ts';
import { allowsAnsi, createPaint } from './text/paint.ts';

/** How attached `up` shows output and when it ends. */
export interface AttachOptions {
  readonly project: Project;
  /** Named services; all when empty. */
  readonly services: readonly string[];
  readonly attach: readonly string[];
  readonly noAttach: readonly string[];
  readonly attachDependencies: boolean;
  readonly sinceMs: number;
  readonly prefix: boolean;
  readonly colour: boolean;
  readonly timestamps: boolean;
  readonly abortOn: 'exit' | 'failure' | 'never';
  readonly exitCodeFrom: string | undefined;
  readonly timeoutS: number | undefined;
  /**
   * Begins what goes on beside the output until the end (a watch), and is given a way to print a line between the
   * containers' own; returns how to end it. Attaching then goes on while no container runs.
   */
  readonly beside?: (line: (text: string) => void) => Promise<() => Promise<void>>;
}

/**
 * Shows the project's output until all its containers have ended, one of them asks for the end
 * (`--abort-on-container-exit`), or Ctrl-C: once stops them in order, twice kills them.
 *
 * Exit code: 0 when all ended by themselves; that of the container that ended the run, or of `--exit-code-from`;
 * 130 after Ctrl-C.
 */
export async function attachToProject(
  context: CommandContext,
  options: AttachOptions,
): Promise<number> {
  const engine = await context.engine();
  const { host, roots } = context;
  const project = options.project.name;
  const shown = attachedServices(options);
  const list = async () =>
    (await listProjectContainers(engine, project)).filter(
      ({ oneoff, service }) => !oneoff && options.project.services[service] !== undefined,
    );
  const ansi = options.colour && allowsAnsi(context.options, host.env, host.stdout);
  const printer = new LogPrinter({
    host,
    paint: createPaint(ansi),
    prefix: options.prefix,
    timestamps: options.timestamps,
    splitStreams: true,
  });
  const containers = (await list())
    .filter(({ service }) => shown.has(service))
    .sort(compareContainers);
  for (const container of containers) printer.register(shortContainerName(container));
  context.out(`Attaching to ${containers.map(shortContainerName).join(', ')}\n`);

  const end = sharedAbort();
  const run = { exitCode: 0, interrupted: 0, ending: false, stopping: Promise.resolve() };
  const stopAll = (exitCode: number) => {
    if (run.ending) return;
    run.ending = true;
    run.exitCode = exitCode;
    run.stopping = stopProject(context, project, list, options.timeoutS).finally(() => end.abort());
  };
  const onInterrupt = () => {
    run.interrupted += 1;
    if (run.interrupted === 1) {
      context.err('Gracefully Stopping... press Ctrl+C again to force\n');
      stopAll(130);
    } else {
      void killProject(context, project, list);
    }
  };
  const offs = [host.onSignal('SIGINT', onInterrupt), host.onSignal('SIGTERM', onInterrupt)];
  const exitCodes = new Map<string, number>();
  let endBeside: (() => Promise<void>) | undefined;
  try {
    const beside = options
      .beside?.((text) => printer.notice(text))
      .then((ending) => {
        endBeside = ending;
      });
    const following = followLogs({
      stays: () => beside !== undefined && !run.ending,
      engine,
      list: () => list(),
      onChange: (callback) => watchContainers(engine, project, callback),
      isProjectBusy: () => run.interrupted === 0 && isProjectBusy(roots, project),
      monotonicMs: host.monotonicMs,
      since: new Date(options.sinceMs).toISOString(),
      endsSinceMs: options.sinceMs,
      signal: end.signal,
      onFollow: (container) => printer.register(shortContainerName(container)),
      onEntries: ({ source, entries }) => {
        if (shown.has(source.service)) {
          printer.printAll(shortContainerName(source), source.service, entries);
        }
      },
      onEnd: (container, exitCode) => {
        if (shown.has(container.service)) {
          printer.notice(`${shortContainerName(container)} exited with code ${exitCode}`);
        }
        if (!exitCodes.has(container.service)) exitCodes.set(container.service, exitCode);
        if (options.abortOn === 'exit' || (options.abortOn === 'failure' && exitCode !== 0)) {
          if (!run.ending) context.err('Aborting on container exit...\n');
          stopAll(exitCode);
        }
      },
    });
    await Promise.all([beside, following]);
    await run.stopping;
  } finally {
    await endBeside?.();
    for (const off of offs) off();
  }
  if (run.interrupted > 0) return 130;
  if (options.exitCodeFrom !== undefined) {
    return (
      exitCodes.get(options.exitCodeFrom) ?? (await exitCodeOf(context, list, options.exitCodeFrom))
    );
  }
  return run.exitCode;
}

function attachedServices(options: AttachOptions): ReadonlySet<string> {
  const { project, services, attach, noAttach, attachDependencies } = options;
  const all = orderedServices(project, services, services.length === 0 || attachDependencies);
  const chosen = attach.length > 0 ? attach : all;
  return new Set(
    chosen.filter(
      (name) =>
        !noAttach.includes(name) &&
        (attach.includes(name) || project.services[name]?.attach !== false),
    ),
  );
}

async function stopProject(
  context: CommandContext,
  project: string,
  list: () => Promise<ObservedContainer[]>,
  timeoutS: number | undefined,
): Promise<void> {
  const containers = (await list()).filter(
    ({ state }) => state !== 'exited' && state !== 'created',
  );
  const plan = planBackwards({ project, containers, cause: 'the project ends' }, ({ id }) => ({
    kind: 'stopContainer',
    container: id,
    ...(timeoutS === undefined ? {} : { timeoutS }),
  }));
  await runPlan(context, plan);
}

async function killProject(
  context: CommandContext,
  project: string,
  list: () => Promise<ObservedContainer[]>,
): Promise<void> {
  const containers = (await list()).filter(({ state }) => state === 'running');
  const plan = planTogether({ project, containers, cause: 'Ctrl-C twice' }, ({ id }) => ({
    kind: 'killContainer',
    container: id,
    signal: 'SIGKILL',
  }));
  await runPlan(context, plan).catch((error: unknown) => {
    // Most likely they have ended in the meantime; the run that stops them reports what really failed.
    context.err(`${error instanceof Error ? error.message : error}\n`);
  });
}

async function exitCodeOf(
  context: CommandContext,
  list: () => Promise<ObservedContainer[]>,
  service: string,
): Promise<number> {
  const container = (await list()).find((candidate) => candidate.service === service);
  if (container === undefined) return 1;
  const engine = await context.engine();
  return (await engine.getContainer(container.id).inspect()).State.ExitCode;
}
