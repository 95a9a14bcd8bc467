import { listProjectContainers } from '../compose/observe/index.ts';
import { type ObservedContainer, projectLabel, serviceLabel } from '../compose/plan/index.ts';
import { AppError } from '../core/index.ts';
import type { ComposeEngine, ContainerInspectInfo } from '../engine/index.ts';
import type { CommandContext } from './context.ts';

/** Which containers of a project a command is about. */
export interface Selection {
  /** Named services; all when empty. */
  readonly services: readonly string[];
  /** Also containers of `run`. */
  readonly oneoffs?: boolean;
}

/** A project's containers by their labels, sorted by service and replica number; no compose file is read. */
export async function selectContainers(
  context: CommandContext,
  project: string,
  { services, oneoffs = false }: Selection,
): Promise<ObservedContainer[]> {
  const all = await listProjectContainers(await context.engine(), project);
  await checkServices(context, services, all);
  return all
    .filter(({ oneoff }) => oneoffs || !oneoff)
    .filter(({ service }) => services.length === 0 || services.includes(service))
    .sort(compareContainers);
}

/** By service, then replica number, then name. */
export function compareContainers(a: ObservedContainer, b: ObservedContainer): number {
  if (a.service !== b.service) return a.service < b.service ? -1 : 1;
  return a.number - b.number || (a.name < b.name ? -1 : 1);
}

/**
 * The running container that `exec`, `port` and the like mean: replica `index`, or the first one.
 * @throws {AppError} `PROJECT_SERVICE_NOT_RUNNING`
 */
export async function runningContainer(
  context: CommandContext,
  project: string,
  service: string,
  index: number,
): Promise<ObservedContainer> {
  const all = await listProjectContainers(await context.engine(), project);
  const running = all
    .filter((container) => container.service === service && !container.oneoff)
    .filter(({ state }) => state === 'running' || state === 'paused')
    .sort(compareContainers);
  const found = index === 0 ? running[0] : running.find(({ number }) => number === index);
  if (found !== undefined) return found;
  throw notRunning(service, index);
}

/**
 * The container that `export` and `commit` mean, running or not: replica `index`, or the first one.
 * @throws {AppError} `PROJECT_SERVICE_NOT_RUNNING`
 */
export async function replica(
  context: CommandContext,
  project: string,
  service: string,
  index: number,
): Promise<ObservedContainer> {
  const all = await listProjectContainers(await context.engine(), project);
  const [found] = all
    .filter((container) => container.service === service && !container.oneoff)
    .filter(({ number }) => index === 0 || number === index)
    .sort(compareContainers);
  if (found !== undefined) return found;
  throw notRunning(service, index);
}

function notRunning(service: string, index: number): AppError {
  return new AppError(
    'PROJECT_SERVICE_NOT_RUNNING',
    index === 0
      ? `service "${service}" is not running`
      : `service "${service}" is not running container #${index}`,
  );
}

/**
 * The containers of a service that `cp` means, running or not: replica `index`, or all of them.
 * @throws {AppError} `PROJECT_SERVICE_NOT_RUNNING`
 */
export async function serviceContainers(
  context: CommandContext,
  project: string,
  service: string,
  { index, oneoffs = false }: { readonly index: number; readonly oneoffs?: boolean },
): Promise<ObservedContainer[]> {
  const all = await listProjectContainers(await context.engine(), project);
  const found = all
    .filter((container) => container.service === service && (oneoffs || !container.oneoff))
    .filter(({ number }) => index === 0 || number === index)
    .sort(compareContainers);
  if (found.length > 0) return found;
  if (index !== 0) throw notRunning(service, index);
  throw new AppError('PROJECT_SERVICE_NOT_RUNNING', `no container found for service "${service}"`);
}

/**
 * Id of the running container that `exec` means, as {@link runningContainer} finds it. The usual case, replica 1 under its
 * usual name, is looked up directly: listing fifty containers to find one would be the larger half of `exec`.
 * @throws {AppError} `PROJECT_SERVICE_NOT_RUNNING`
 */
export async function runningContainerId(
  context: CommandContext,
  project: string,
  service: string,
  index: number,
): Promise<string> {
  const engine = await context.engine();
  const usual = await inspectOptional(engine, `${project}-${service}-${index || 1}`);
  const labels = usual?.Config.Labels ?? {};
  if (
    usual?.State.Status === 'running' &&
    labels[projectLabel] === project &&
    labels[serviceLabel] === service
  ) {
    return usual.Id;
  }
  return (await runningContainer(context, project, service, index)).id;
}

async function inspectOptional(
  engine: ComposeEngine,
  name: string,
): Promise<ContainerInspectInfo | undefined> {
  try {
    return await engine.getContainer(name).inspect();
  } catch (error) {
    if ((error as { statusCode?: unknown }).statusCode === 404) return undefined;
    throw error;
  }
}

/**
 * A name without containers may still be a service that has never been started; only then the file is read.
 * @throws {AppError} `PROJECT_SERVICE_UNKNOWN`
 */
async function checkServices(
  context: CommandContext,
  services: readonly string[],
  containers: readonly ObservedContainer[],
): Promise<void> {
  const missing = services.filter((name) => !containers.some(({ service }) => service === name));
  if (missing.length === 0) return;
  const known = await declaredServices(context, missing);
  const unknown = missing.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new AppError('PROJECT_SERVICE_UNKNOWN', `no such service: ${unknown}`);
  }
}

async function declaredServices(
  context: CommandContext,
  services: readonly string[],
): Promise<string[]> {
  try {
    const { project, disabledServices } = await context.load(services);
    return [...Object.keys(project.services), ...disabledServices];
  } catch (error) {
    // With -p alone there may be no file to ask; then the containers are all there is to know.
    if (context.options.projectName !== undefined && context.options.files.length === 0) return [];
    throw error;
  }
}
