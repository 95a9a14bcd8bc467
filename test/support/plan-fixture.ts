import {
  type ExecuteOptions,
  executePlan,
  type PlanOutcome,
} from '../../src/compose/execute/index.ts';
import type { Project, Service } from '../../src/compose/model/index.ts';
import { observeProject, readProvidedFiles } from '../../src/compose/observe/index.ts';
import {
  type Plan,
  type PlanFinding,
  type PlanInput,
  planUp,
  type UpRequest,
} from '../../src/compose/plan/index.ts';
import type { FakeEngine } from './fake-engine.ts';

/** A project in canonical form around some services; each is attached to the default network unless it says otherwise. */
export function makeProject(
  services: Readonly<Record<string, Partial<Service>>>,
  rest: Partial<Omit<Project, 'services'>> = {},
): Project {
  return {
    name: 'todo',
    services: Object.fromEntries(
      Object.entries(services).map(([name, service]) => [
        name,
        {
          image: 'tiny',
          ...(service.network_mode === undefined ? { networks: { default: null } } : {}),
          ...service,
        },
      ]),
    ),
    networks: { default: { name: 'todo_default', ipam: {} } },
    ...rest,
  };
}

/** What `up -d` asks for. */
export const plainUp: UpRequest = {
  services: [],
  withDependencies: true,
  recreate: 'changed',
  recreateDependencies: 'changed',
  scale: {},
  orphans: 'warn',
  renewAnonymousVolumes: false,
  start: true,
  allResources: false,
  wait: false,
};

/** A plan and what was found on the way to it. */
export interface PlannedUp {
  readonly plan: Plan;
  readonly findings: readonly PlanFinding[];
}

/** Observes the engine and plans `up`, with places as `compose.yaml:<path>`. */
export async function planUpOn(
  engine: FakeEngine,
  project: Project,
  request: Partial<UpRequest> = {},
  missingImages: PlanInput['missingImages'] = 'error',
): Promise<PlannedUp> {
  const findings: PlanFinding[] = [];
  const report = (finding: PlanFinding) => findings.push(finding);
  const input: PlanInput = {
    project,
    observed: await observeProject(engine, project.name, project),
    files: readProvidedFiles({
      project,
      environment: {},
      folder: '/data/projects/todo',
      read: () => undefined,
      report,
    }),
    workingDir: '/home/dev/todo',
    configFiles: ['/home/dev/todo/compose.yaml'],
    missingSources: new Set(['/not/there']),
    missingImages,
    disabledServices: [],
    place: (path) => `compose.yaml:${path.join('.')}`,
    report,
  };
  return { plan: planUp(input, { ...plainUp, ...request }), findings };
}

/** Runs a plan with a clock that moves only while somebody sleeps. */
export function runOn(
  engine: FakeEngine,
  plan: Plan,
  options: Partial<ExecuteOptions> = {},
): Promise<PlanOutcome> {
  let clock = 0;
  return executePlan(plan, engine, {
    provideFile: () => undefined,
    monotonicMs: () => clock,
    now: () => clock,
    ...options,
    sleep: async (ms, signal) => {
      await (options.sleep?.(ms, signal) ?? new Promise((resolve) => setImmediate(resolve)));
      clock += ms;
    },
  });
}

/** Brings a project up on the fake engine and forgets the calls that it took. */
export async function bringUp(engine: FakeEngine, project: Project): Promise<void> {
  const { plan } = await planUpOn(engine, project);
  const { failures } = await runOn(engine, plan);
  if (failures.length > 0) throw failures[0]?.error;
  engine.calls.length = 0;
}
