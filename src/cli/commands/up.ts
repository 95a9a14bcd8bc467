import type { Project } from '../../compose/model/index.ts';
import { AppError } from '../../core/index.ts';
import { attachToProject } from '../attach-project.ts';
import { ensureBuiltImages } from '../build/ensure-images.ts';
import { checkStarted } from '../check-started.ts';
import { defineCommand } from '../command.ts';
import type { CommandContext, LoadedProject } from '../context.ts';
import { provideImages } from '../images/provide-images.ts';
import { checkPlanFile, readPlanFile } from '../plan-file.ts';
import { runPlan, withProjectLock } from '../run-plan.ts';
import { runWithin } from '../run-within.ts';
import { traceFlag } from '../trace/trace-flag.ts';
import { planProjectUp } from '../up-input.ts';
import { upRequest } from '../up-request.ts';
import { imageFlags, recreateFlags, type UpFlags } from './up-flags.ts';

export const upCommand = defineCommand<UpFlags>({
  name: 'up',
  positional: '[SERVICE...]',
  summary: 'Create and start containers',
  flags: [
    {
      flags: '--abort-on-container-exit',
      description: 'Stop all containers if any container was stopped',
    },
    {
      flags: '--abort-on-container-failure',
      description: 'Stop all containers if any container exited with failure',
    },
    ...recreateFlags,
    ...imageFlags,
    {
      flags: '--attach <service>',
      description: 'Show the output of these services only',
      kind: 'list',
    },
    {
      flags: '--attach-dependencies',
      description: 'Show also the output of what the named services depend on',
    },
    { flags: '-d, --detach', description: 'Run containers in the background' },
    {
      flags: '--exit-code-from <service>',
      description:
        "Return the exit code of the service's container; implies --abort-on-container-exit",
    },
    { flags: '--menu', description: 'Has no effect: there is no menu of shortcuts' },
    {
      flags: '--no-attach <service>',
      description: 'Do not show the output of these services',
      kind: 'list',
    },
    { flags: '--no-color', description: 'Produce monochrome output' },
    { flags: '--no-deps', description: "Don't start linked services" },
    { flags: '--no-log-prefix', description: "Don't print prefix in logs" },
    { flags: '--no-start', description: "Don't start the services after creating them" },
    {
      flags: '--plan-file <file>',
      description: 'Do what compose plan --out has written, or nothing if that has changed',
    },
    {
      flags: '-t, --timeout <seconds>',
      description: 'Seconds before a container that is stopped is killed',
      kind: 'integer',
    },
    { flags: '--timestamps', description: 'Show timestamps' },
    traceFlag,
    {
      flags: '--wait',
      description: 'Wait for services to be running|healthy; implies detached mode',
    },
    {
      flags: '--wait-timeout <seconds>',
      description: 'Most seconds to wait for the project to be running|healthy',
      kind: 'integer',
    },
    {
      flags: '-w, --watch',
      description: 'Watch source code and rebuild/refresh containers when files are updated',
    },
    { flags: '-y, --yes', description: 'Assume "yes" to all prompts' },
  ],
  examples: [
    'compose up -d',
    'compose up --wait web',
    'compose up --exit-code-from test',
    'compose up -d --trace up.json',
  ],
  async run(context, services, flags) {
    checkFlags(flags, services);
    const stored = flags.planFile === undefined ? undefined : readPlanFile(context, flags.planFile);
    const request = stored?.request ?? upRequest(context, services, flags);
    const loaded = await context.load(request.services);
    const { project } = loaded;
    checkServices(project, [
      ...(flags.exitCodeFrom === undefined ? [] : [flags.exitCodeFrom]),
      ...(flags.attach ?? []),
      ...(flags.noAttach ?? []),
    ]);
    const startedAtMs = context.host.now();
    const watch = flags.watch ? await prepareWatch(context, loaded, request.services) : undefined;
    const attached = !flags.detach && !request.wait && request.start && !context.options.dryRun;
    await withProjectLock(context, project.name, 'up', async () => {
      await runWithin(context, undefined, (signal) =>
        context.during('images', () =>
          provideImages(context, loaded, {
            services: request.services,
            withDependencies: request.withDependencies,
            pull: flags.pull,
            quiet: flags.quietPull ?? false,
            signal,
          }),
        ),
      );
      await context.during('build', () =>
        ensureBuiltImages(context, loaded, {
          services: request.services,
          withDependencies: request.withDependencies,
          build: flags.build,
          quiet: flags.quietBuild ?? false,
        }),
      );
      const missing = context.options.dryRun && flags.build !== false ? 'planned' : 'error';
      const plan = await planProjectUp(context, loaded, request, missing);
      if (stored !== undefined) checkPlanFile(flags.planFile ?? '', stored, plan);
      await runWithin(context, flags.waitTimeout, (signal) =>
        runPlan(context, plan, { signal, loaded }),
      );
      if (request.start && !attached && !context.options.dryRun) {
        await context.during('look whether they stay up', () => checkStarted(context, plan));
      }
    });
    if (!attached) {
      for (const rule of watch?.rules ?? []) context.out(`would watch ${rule}\n`);
      return 0;
    }
    context.endTrace();
    return attachToProject(context, {
      project,
      services: request.services,
      attach: flags.attach ?? [],
      noAttach: flags.noAttach ?? [],
      attachDependencies: flags.attachDependencies ?? false,
      sinceMs: startedAtMs,
      prefix: flags.logPrefix,
      colour: flags.color,
      timestamps: flags.timestamps ?? false,
      abortOn:
        flags.abortOnContainerExit || flags.exitCodeFrom !== undefined
          ? 'exit'
          : flags.abortOnContainerFailure
            ? 'failure'
            : 'never',
      exitCodeFrom: flags.exitCodeFrom,
      timeoutS: request.timeoutS,
      ...(watch === undefined ? {} : { beside: watch.begin }),
    });
  },
});

/** The watch's code is loaded only where it is asked for; what is wrong with its rules is told before anything is done. */
async function prepareWatch(
  context: CommandContext,
  loaded: LoadedProject,
  services: readonly string[],
) {
  const { attachedWatch } = await import('../watch/attached-watch.ts');
  return attachedWatch(context, loaded, services);
}

/** @throws {AppError} `PROJECT_SERVICE_UNKNOWN` */
function checkServices({ services }: Project, names: readonly string[]): void {
  const unknown = names.find((name) => services[name] === undefined);
  if (unknown === undefined) return;
  throw new AppError('PROJECT_SERVICE_UNKNOWN', `no such service: ${unknown}`);
}

function checkFlags(flags: UpFlags, services: readonly string[]): void {
  const exclusive: readonly [string, boolean, string, boolean][] = [
    ['--force-recreate', flags.forceRecreate ?? false, '--no-recreate', !flags.recreate],
    [
      '--detach',
      flags.detach ?? false,
      '--abort-on-container-exit',
      flags.abortOnContainerExit ?? false,
    ],
    ['--watch', flags.watch ?? false, '--detach', flags.detach ?? false],
    ['--watch', flags.watch ?? false, '--wait', flags.wait ?? false],
    ['--watch', flags.watch ?? false, '--no-start', !flags.start],
    ['--detach', flags.detach ?? false, '--exit-code-from', flags.exitCodeFrom !== undefined],
    ['--wait', flags.wait ?? false, '--no-start', !flags.start],
    [
      '--abort-on-container-exit',
      flags.abortOnContainerExit ?? false,
      '--abort-on-container-failure',
      flags.abortOnContainerFailure ?? false,
    ],
  ];
  for (const [a, hasA, b, hasB] of exclusive) {
    if (hasA && hasB) throw new AppError('CLI_USAGE', `${a} and ${b} cannot be combined`);
  }
  if (flags.planFile !== undefined && (services.length > 0 || changesPlan(flags))) {
    throw new AppError(
      'CLI_USAGE',
      '--plan-file holds what the plan was made for: leave services and the flags that change a plan out',
    );
  }
  if (flags.waitTimeout !== undefined && !flags.wait) {
    throw new AppError('CLI_USAGE', '--wait-timeout needs --wait');
  }
}

function changesPlan(flags: UpFlags): boolean {
  return (
    !flags.deps ||
    !flags.recreate ||
    !flags.start ||
    flags.wait === true ||
    flags.alwaysRecreateDeps === true ||
    flags.forceRecreate === true ||
    flags.removeOrphans === true ||
    flags.renewAnonVolumes === true ||
    flags.scale !== undefined ||
    flags.timeout !== undefined
  );
}
