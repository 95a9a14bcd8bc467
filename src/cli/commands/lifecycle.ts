/** `start`, `stop`, `restart`, `kill`, `pause`, `unpause`: a plan over existing containers; no compose file is read. */
import {
  type Action,
  isAlive,
  type ObservedContainer,
  type Plan,
  planBackwards,
  planForwards,
  planStart,
  planTogether,
  withRestartedDependants,
} from '../../compose/plan/index.ts';
import { AppError, isAppError } from '../../core/index.ts';
import { type Command, defineCommand, type Flag } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { runPlan, withProjectLock } from '../run-plan.ts';
import { runWithin } from '../run-within.ts';
import { selectContainers } from '../select-containers.ts';
import { traceFlag } from '../trace/trace-flag.ts';

const timeoutFlag: Flag = {
  flags: '-t, --timeout <seconds>',
  description: 'Seconds before a container that is stopped is killed',
  kind: 'integer',
};

interface TimeoutFlags {
  readonly timeout?: number;
}

/** Finds the containers, plans under the project's lock and runs. */
async function act(
  context: CommandContext,
  services: readonly string[],
  name: string,
  makePlan: (project: string, containers: readonly ObservedContainer[]) => Plan,
): Promise<number> {
  const project = await context.projectName();
  await withProjectLock(context, project, name, async () => {
    const containers = await selectContainers(context, project, { services });
    await runPlan(context, makePlan(project, containers));
  });
  return 0;
}

function withTimeout<A extends Action>(action: A, { timeout }: TimeoutFlags): A {
  return timeout === undefined ? action : { ...action, timeoutS: timeout };
}

export const stopCommand = defineCommand<TimeoutFlags>({
  name: 'stop',
  positional: '[SERVICE...]',
  summary: 'Stop services',
  flags: [timeoutFlag, traceFlag],
  examples: ['compose stop', 'compose stop -t 30 db'],
  run: (context, services, flags) =>
    act(context, services, 'stop', (project, containers) =>
      planBackwards(
        { project, containers: containers.filter(({ state }) => isAlive(state)), cause: 'stop' },
        ({ id }) => withTimeout({ kind: 'stopContainer', container: id }, flags),
      ),
    ),
});

export const startCommand = defineCommand<{
  readonly wait?: boolean;
  readonly waitTimeout?: number;
}>({
  name: 'start',
  positional: '[SERVICE...]',
  summary: 'Start services',
  flags: [
    traceFlag,
    { flags: '--wait', description: 'Wait for services to be running|healthy' },
    {
      flags: '--wait-timeout <seconds>',
      description: 'Most seconds to wait',
      kind: 'integer',
    },
  ],
  examples: ['compose start', 'compose start --wait db'],
  async run(context, services, { wait = false, waitTimeout }) {
    if (waitTimeout !== undefined && !wait) {
      throw new AppError('CLI_USAGE', '--wait-timeout needs --wait');
    }
    const project = await context.projectName();
    await withProjectLock(context, project, 'start', async () => {
      const containers = await selectContainers(context, project, { services });
      if (containers.length === 0) throw await nothingToStart(context, project, services[0]);
      const plan = planStart({ project, containers, cause: 'start' }, { wait });
      await runWithin(context, waitTimeout, (signal) => runPlan(context, plan, { signal }));
    });
    return 0;
  },
});

async function nothingToStart(
  context: CommandContext,
  project: string,
  named: string | undefined,
): Promise<AppError> {
  const service = named ?? (await fileServices(context))?.values().next().value;
  return new AppError(
    'PROJECT_NO_CONTAINERS',
    service === undefined
      ? `no containers for project "${project}"`
      : `service "${service}" has no container to start`,
  );
}

export const restartCommand = defineCommand<TimeoutFlags & { readonly deps: boolean }>({
  name: 'restart',
  positional: '[SERVICE...]',
  summary: 'Restart service containers',
  flags: [
    { flags: '--no-deps', description: "Don't restart dependent services" },
    timeoutFlag,
    traceFlag,
  ],
  examples: ['compose restart web', 'compose restart --no-deps db'],
  async run(context, services, flags) {
    const project = await context.projectName();
    await withProjectLock(context, project, 'restart', async () => {
      const named = await selectContainers(context, project, { services });
      const containers = flags.deps ? withRestartedDependants(named, await all()) : named;
      const plan = planForwards({ project, containers, cause: 'restart' }, ({ id }) =>
        withTimeout({ kind: 'restartContainer', container: id }, flags),
      );
      await runPlan(context, plan);
      function all() {
        return selectContainers(context, project, { services: [] });
      }
    });
    return 0;
  },
});

export const killCommand = defineCommand<{
  readonly signal: string;
  readonly removeOrphans?: boolean;
}>({
  name: 'kill',
  positional: '[SERVICE...]',
  summary: 'Force stop service containers',
  flags: [
    {
      flags: '-s, --signal <signal>',
      description: 'SIGNAL to send to the container',
      default: 'SIGKILL',
    },
    {
      flags: '--remove-orphans',
      description: 'Kill also containers of services that the compose file does not have',
    },
  ],
  examples: ['compose kill', 'compose kill -s SIGHUP web'],
  async run(context, services, { signal, removeOrphans = false }) {
    const declared = removeOrphans || services.length > 0 ? undefined : await fileServices(context);
    return act(context, services, 'kill', (project, containers) => {
      const running = containers
        .filter(({ state }) => isAlive(state))
        .filter(({ service }) => declared === undefined || declared.has(service));
      // As with Docker Compose, nothing to kill is no failure: scripts clean up with it.
      if (running.length === 0) context.err('no container to kill\n');
      return planTogether({ project, containers: running, cause: 'kill' }, ({ id }) => ({
        kind: 'killContainer',
        container: id,
        signal,
      }));
    });
  },
});

/** The file's services; undefined where there is no file to tell orphans by. */
async function fileServices(context: CommandContext): Promise<Set<string> | undefined> {
  try {
    const { project, disabledServices } = await context.load();
    return new Set([...Object.keys(project.services), ...disabledServices]);
  } catch (error) {
    if (isAppError(error, 'CLI_FILE_MISSING')) return undefined;
    throw error;
  }
}

export const pauseCommand = freezeCommand('pause', 'Pause services', 'pauseContainer', ['running']);
export const unpauseCommand = freezeCommand('unpause', 'Unpause services', 'unpauseContainer', [
  'paused',
]);

function freezeCommand(
  name: string,
  summary: string,
  kind: 'pauseContainer' | 'unpauseContainer',
  states: readonly string[],
): Command {
  return defineCommand({
    name,
    positional: '[SERVICE...]',
    summary,
    flags: [],
    examples: [`compose ${name}`, `compose ${name} web`],
    run: (context, services) =>
      act(context, services, name, (project, containers) =>
        planTogether(
          {
            project,
            containers: containers.filter(({ state }) => states.includes(state)),
            cause: name,
          },
          ({ id }) => ({ kind, container: id }),
        ),
      ),
  });
}
