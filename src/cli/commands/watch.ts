import type { Project } from '../../compose/model/index.ts';
import { ensureBuiltImages } from '../build/ensure-images.ts';
import { defineCommand } from '../command.ts';
import { shortContainerName } from '../container-name.ts';
import type { CommandContext, LoadedProject } from '../context.ts';
import { provideImages } from '../images/provide-images.ts';
import { followLogs, LogPrinter, watchContainers } from '../logs/index.ts';
import { runPlan, withProjectLock } from '../run-plan.ts';
import { selectContainers } from '../select-containers.ts';
import { sharedAbort } from '../shared-abort.ts';
import { allowsAnsi, createPaint } from '../text/paint.ts';
import { planProjectUp } from '../up-input.ts';
import { orphanPolicy } from '../up-request.ts';
import {
  announceBackgroundWatch,
  forgetBackgroundWatch,
  startBackgroundWatch,
  stopBackgroundWatch,
  takeOverBackgroundWatch,
} from '../watch/background-watch.ts';
import { openProjectWatch } from '../watch/project-watch.ts';
import { ruleLines, WatchPrinter } from '../watch/watch-printer.ts';

interface WatchFlags {
  readonly background?: boolean;
  readonly detach?: boolean;
  readonly prune: boolean;
  readonly quiet?: boolean;
  readonly up: boolean;
}

export const watchCommand = defineCommand<WatchFlags>({
  name: 'watch',
  positional: '[SERVICE...]',
  summary: 'Watch build context for service and rebuild/refresh containers when files are updated',
  flags: [
    { flags: '-d, --detach', description: 'Watch in the background, until compose down' },
    { flags: '--no-up', description: 'Do not build & start services before watching' },
    { flags: '--prune', description: 'Prune dangling images on rebuild', default: true },
    { flags: '--no-prune', description: 'Keep the images that a rebuild replaces' },
    { flags: '--quiet', description: 'Hide build output and the output of containers' },
    {
      flags: '--background',
      description: 'This is the process that watch -d has started',
      hidden: true,
    },
  ],
  examples: ['compose watch', 'compose watch -d', 'compose watch --no-up web'],
  async run(context, services, flags) {
    const loaded = await context.load(services);
    const { name } = loaded.project;
    const startedAtMs = context.host.now();
    const { logs, printer } = createPrinters(context);
    const watch = await openProjectWatch(context, loaded, {
      services,
      prune: flags.prune,
      quiet: flags.quiet ?? false,
      emit: (event) => printer.print(event),
    });
    if (flags.up) await bringUp(context, loaded, services, flags.quiet ?? false);
    if (context.options.dryRun) {
      for (const line of ruleLines(watch.rules)) context.out(`would watch ${line}\n`);
      return 0;
    }
    if (flags.detach) return detach(context, name, services);
    if (!flags.background) await takeOverBackgroundWatch(context, name);
    const end = sharedAbort();
    const offs = (['SIGINT', 'SIGTERM'] as const).map((signal) =>
      context.host.onSignal(signal, () => end.abort()),
    );
    let announced = false;
    try {
      await watch.start();
      if (flags.background) announceBackgroundWatch(context, name, services);
      announced = flags.background ?? false;
      await Promise.all([
        aborted(end.signal),
        flags.quiet ? undefined : showLogs(context, loaded, { logs, startedAtMs, end: end.signal }),
      ]);
    } finally {
      await watch.close();
      // Before, what it has said is for its starter to read.
      if (announced) forgetBackgroundWatch(context, name);
      for (const off of offs) off();
    }
    return flags.background ? 0 : 130;
  },
});

function createPrinters(context: CommandContext): { logs: LogPrinter; printer: WatchPrinter } {
  const { host, options } = context;
  const paint = createPaint(allowsAnsi(options, host.env, host.stdout));
  const logs = new LogPrinter({ host, paint, prefix: true, timestamps: false, splitStreams: true });
  const line = (text: string) => logs.notice(text);
  return { logs, printer: new WatchPrinter({ host, paint, line, debug: options.debug }) };
}

async function detach(
  context: CommandContext,
  project: string,
  services: readonly string[],
): Promise<number> {
  await stopBackgroundWatch(context, project);
  const { pid, log } = await startBackgroundWatch(context, project, services);
  context.out(`Watching in the background (pid ${pid}, output in ${log})\n`);
  return 0;
}

async function bringUp(
  context: CommandContext,
  loaded: LoadedProject,
  services: readonly string[],
  quiet: boolean,
): Promise<void> {
  const { project } = loaded;
  await withProjectLock(context, project.name, 'watch', async () => {
    await provideImages(context, loaded, { services, withDependencies: true, quiet });
    // What is watched begins with what is on the host, also where an image of it is there.
    const watched = Object.keys(project.services).filter(
      (name) => (services.length === 0 || services.includes(name)) && isRebuilt(project, name),
    );
    if (watched.length > 0) {
      const anew = { services: watched, withDependencies: false, build: true, quiet };
      await ensureBuiltImages(context, loaded, anew);
    }
    const rest = { services, withDependencies: true, build: undefined, quiet };
    await ensureBuiltImages(context, loaded, rest);
    const plan = await planProjectUp(context, loaded, {
      services,
      withDependencies: true,
      recreate: 'changed',
      recreateDependencies: 'changed',
      scale: {},
      orphans: orphanPolicy(context, false),
      renewAnonymousVolumes: false,
      start: true,
      allResources: context.options.allResources,
      wait: false,
    });
    await runPlan(context, plan, { loaded, quiet });
  });
}

function isRebuilt(project: Project, name: string): boolean {
  return (project.services[name]?.develop?.watch ?? []).some(({ action }) => action === 'rebuild');
}

/** What the project's containers write, until the end is asked for: containers may all be gone for a while. */
async function showLogs(
  context: CommandContext,
  { project }: LoadedProject,
  options: { readonly logs: LogPrinter; readonly startedAtMs: number; readonly end: AbortSignal },
): Promise<void> {
  const engine = await context.engine();
  const { logs, end } = options;
  const list = async () =>
    (await selectContainers(context, project.name, { services: [] })).filter(
      ({ service }) => project.services[service]?.attach !== false,
    );
  await followLogs({
    engine,
    list,
    stays: () => true,
    onChange: (callback) => watchContainers(engine, project.name, callback),
    isProjectBusy: () => true,
    monotonicMs: context.host.monotonicMs,
    since: new Date(options.startedAtMs).toISOString(),
    signal: end,
    onFollow: (container) => logs.register(shortContainerName(container)),
    onEntries: ({ source, entries }) =>
      logs.printAll(shortContainerName(source), source.service, entries),
    onEnd: (container, exitCode) =>
      logs.notice(`${shortContainerName(container)} exited with code ${exitCode}`),
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
