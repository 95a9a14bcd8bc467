/** `start`, `stop`, `restart`, `kill`, `pause`, `unpause`: a plan over existing containers; no compose file is read. */
import {
  type Action,
  type ObservedContainer,
  type Plan,
  planBackwards,
  planForwards,
  planStart,
  planTogether,
} from '../../compose/plan/index.ts';
import { AppError } from '../../core/index.ts';
import { type Command, defineCommand, type Flag } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { runPlan, withProjectLock } from '../run-plan.ts';
import { selectContainers } from '../select-containers.ts';

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
  flags: [timeoutFlag],
  run: (context, services, flags) =>
    act(context, services, 'stop', (project, containers) =>
      planBackwards({ project, containers: containers.filter(isAlive), cause: 'stop' }, ({ id }) =>
        withTimeout({ kind: 'stopContainer', container: id }, flags),
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
    { flags: '--wait', description: 'Wait for services to be running|healthy' },
    {
      flags: '--wait-timeout <seconds>',
      description: 'Most seconds to wait',
      kind: 'integer',
    },
  ],
  async run(context, services, { wait = false, waitTimeout }) {
    if (waitTimeout !== undefined && !wait) {
      throw new AppError('CLI_USAGE', '--wait-timeout needs --wait');
    }
    const signal = waitTimeout === undefined ? undefined : AbortSignal.timeout(waitTimeout * 1000);
    const project = await context.projectName();
    await withProjectLock(context, project, 'start', async () => {
      const containers = await selectContainers(context, project, { services });
      if (containers.length === 0 && services.length > 0) {
        throw new AppError(
          'PROJECT_NO_CONTAINERS',
          `service "${services[0]}" has no container to start`,
        );
      }
      const plan = planStart({ project, containers, cause: 'start' }, wait);
      await runPlan(context, plan, signal === undefined ? {} : { signal });
    });
    return 0;
  },
});

export const restartCommand = defineCommand<TimeoutFlags & { readonly deps: boolean }>({
  name: 'restart',
  positional: '[SERVICE...]',
  summary: 'Restart service containers',
  flags: [{ flags: '--no-deps', description: "Don't restart dependent services" }, timeoutFlag],
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
  ],
  run: (context, services, { signal }) =>
    act(context, services, 'kill', (project, containers) => {
      const running = containers.filter(isAlive);
      if (running.length === 0) {
        throw new AppError('PROJECT_NO_CONTAINERS', `no container to kill in project "${project}"`);
      }
      return planTogether({ project, containers: running, cause: 'kill' }, ({ id }) => ({
        kind: 'killContainer',
        container: id,
        signal,
      }));
    }),
});

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

function isAlive({ state }: ObservedContainer): boolean {
  return state === 'running' || state === 'restarting' || state === 'paused';
}

/** `depends_on` with `restart: true`: dependants go along, transitively. */
function withRestartedDependants(
  named: readonly ObservedContainer[],
  all: readonly ObservedContainer[],
): ObservedContainer[] {
  const services = new Set(named.map(({ service }) => service));
  for (let size = -1; size !== services.size; ) {
    size = services.size;
    for (const { service, dependsOn } of all) {
      if (dependsOn.some((on) => on.restart && services.has(on.service))) services.add(service);
    }
  }
  return all.filter(({ service, oneoff }) => !oneoff && services.has(service));
}
