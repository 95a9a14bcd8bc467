import type { RecreatePolicy } from '../../compose/plan/index.ts';
import { AppError } from '../../core/index.ts';
import { attachToProject } from '../attach-project.ts';
import { checkStarted } from '../check-started.ts';
import { defineCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { isTrue } from '../global-flags.ts';
import { runPlan, withProjectLock } from '../run-plan.ts';
import { parseScale, planProjectUp } from '../up-input.ts';
import { imageFlags, recreateFlags, rejectUnsupportedFlags, type UpFlags } from './up-flags.ts';

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
      flags: '-t, --timeout <seconds>',
      description: 'Seconds before a container that is stopped is killed',
      kind: 'integer',
    },
    { flags: '--timestamps', description: 'Show timestamps' },
    {
      flags: '--wait',
      description: 'Wait for services to be running|healthy; implies detached mode',
    },
    {
      flags: '--wait-timeout <seconds>',
      description: 'Most seconds to wait for the project to be running|healthy',
      kind: 'integer',
    },
    { flags: '-y, --yes', description: 'Assume "yes" to all prompts' },
  ],
  examples: ['compose up -d', 'compose up --wait web', 'compose up --exit-code-from test'],
  async run(context, services, flags) {
    checkFlags(flags);
    const loaded = await context.load(services);
    const { project } = loaded;
    const startedAtMs = context.host.now();
    const attached = !flags.detach && !flags.wait && flags.start && !context.options.dryRun;
    await withProjectLock(context, project.name, 'up', async () => {
      const plan = await planProjectUp(context, loaded, {
        services,
        withDependencies: flags.deps,
        recreate: recreatePolicy(flags),
        recreateDependencies: flags.alwaysRecreateDeps
          ? 'always'
          : flags.recreate
            ? 'changed'
            : 'never',
        scale: parseScale(flags.scale ?? []),
        orphans: orphanPolicy(context, flags.removeOrphans ?? false),
        renewAnonymousVolumes: flags.renewAnonVolumes ?? false,
        ...(flags.timeout === undefined ? {} : { timeoutS: flags.timeout }),
        start: flags.start,
        allResources: context.options.allResources,
        wait: flags.wait ?? false,
      });
      await runWithin(context, flags.waitTimeout, (signal) =>
        runPlan(context, plan, { signal, loaded }),
      );
      if (flags.start && !attached && !context.options.dryRun) await checkStarted(context, plan);
    });
    if (!attached) return 0;
    return attachToProject(context, {
      project,
      services,
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
      timeoutS: flags.timeout,
    });
  },
});

/** What `up` and `create` do with containers that no service of the file owns. */
export function orphanPolicy(
  context: CommandContext,
  remove: boolean,
): 'warn' | 'remove' | 'ignore' {
  const { env } = context.host;
  if (remove || isTrue(env.COMPOSE_REMOVE_ORPHANS)) return 'remove';
  return isTrue(env.COMPOSE_IGNORE_ORPHANS) ? 'ignore' : 'warn';
}

/** `--force-recreate`, `--no-recreate`, or what has changed. */
export function recreatePolicy(flags: Pick<UpFlags, 'forceRecreate' | 'recreate'>): RecreatePolicy {
  if (flags.forceRecreate) return 'always';
  return flags.recreate ? 'changed' : 'never';
}

function checkFlags(flags: UpFlags): void {
  rejectUnsupportedFlags(flags);
  const exclusive: readonly [string, boolean, string, boolean][] = [
    ['--force-recreate', flags.forceRecreate ?? false, '--no-recreate', !flags.recreate],
    [
      '--detach',
      flags.detach ?? false,
      '--abort-on-container-exit',
      flags.abortOnContainerExit ?? false,
    ],
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
  if (flags.waitTimeout !== undefined && !flags.wait) {
    throw new AppError('CLI_USAGE', '--wait-timeout needs --wait');
  }
}

/** Ends the run at `--wait-timeout` and at Ctrl-C; what is under way is waited for, nothing new begins. */
async function runWithin(
  context: CommandContext,
  timeoutS: number | undefined,
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const aborted = new AbortController();
  const offs = (['SIGINT', 'SIGTERM'] as const).map((signal) =>
    context.host.onSignal(signal, () => {
      aborted.abort();
      // From now on the signal does what it always does: a second one ends the process at once.
      for (const off of offs) off();
    }),
  );
  let late = false;
  const timer =
    timeoutS === undefined
      ? undefined
      : setTimeout(() => {
          late = true;
          aborted.abort();
        }, timeoutS * 1000);
  try {
    await work(aborted.signal);
  } catch (error) {
    if (!late) throw error;
    throw new AppError('PROJECT_WAIT_TIMEOUT', `timeout: not ready within ${timeoutS} seconds`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
    for (const off of offs) off();
  }
}
