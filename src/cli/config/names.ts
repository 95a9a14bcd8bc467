import { type DetailedLoadResult, type Project, toPlain } from '../../compose/load/index.ts';
import { imageName, orderedServices } from '../../compose/plan/index.ts';
import { serviceHash } from '../../compose/render/index.ts';
import { AppError } from '../../core/index.ts';
import type { CommandContext } from '../context.ts';
import type { ConfigFlags } from './flags.ts';

/** Prints the list that a flag asks for. @returns false where no flag asks for one. */
export function printConfigNames(
  context: CommandContext,
  result: DetailedLoadResult,
  flags: ConfigFlags,
): boolean {
  const lines = linesFor(result, flags);
  if (lines === undefined) {
    return false;
  }
  context.out(lines.map((line) => `${line}\n`).join(''));
  return true;
}

function linesFor(result: DetailedLoadResult, flags: ConfigFlags): readonly string[] | undefined {
  if (flags.environment === true) {
    return Object.entries(result.environment)
      .map(([name, value]) => `${name}=${value}`)
      .sort();
  }
  if (flags.profiles === true) {
    return result.profileNames;
  }
  const { project } = result;
  if (project === undefined) return uninterpolatedNames(result, flags);
  if (flags.services === true) {
    return orderedServices(project, Object.keys(project.services), false);
  }
  if (flags.volumes === true) {
    return Object.keys(project.volumes ?? {});
  }
  if (flags.networks === true) {
    return Object.keys(project.networks ?? {});
  }
  if (flags.models === true) {
    return Object.values(project.models ?? {}).flatMap(({ model }) => model ?? []);
  }
  if (flags.images === true) {
    return orderedServices(project, Object.keys(project.services), false).map((name) =>
      imageName(project, name),
    );
  }
  const { hash = '' } = flags;
  return hash === '' ? undefined : hashes(project, hash);
}

/** With `--no-interpolate` there is no project, only what the files say. */
function uninterpolatedNames(
  { tree, environment }: DetailedLoadResult,
  flags: ConfigFlags,
): readonly string[] | undefined {
  const sections = (tree === undefined ? {} : toPlain(tree)) as Partial<Project>;
  if (flags.services === true) return Object.keys(sections.services ?? {}).sort();
  if (flags.volumes === true) return Object.keys(sections.volumes ?? {}).sort();
  if (flags.networks === true) return Object.keys(sections.networks ?? {}).sort();
  if (flags.models === true) {
    return Object.values(sections.models ?? {}).flatMap(({ model }) => model ?? []);
  }
  if (flags.images === true) {
    const { services = {} } = sections;
    return Object.keys(services)
      .sort()
      .map((name) => services[name]?.image ?? `${environment.COMPOSE_PROJECT_NAME}-${name}`);
  }
  if (flags.hash === undefined) return undefined;
  throw new AppError('CLI_USAGE', '--hash is of the interpolated model', {
    hint: 'Leave out --no-interpolate.',
  });
}

function hashes(project: Project, wanted: string): string[] {
  const names = wanted === '*' ? Object.keys(project.services) : wanted.split(',');
  return names.toSorted().map((name) => {
    const service = project.services[name];
    if (service === undefined) {
      throw new AppError('COMPOSE_SERVICE_UNKNOWN', `no such service: ${name}`);
    }
    return `${name} ${serviceHash(service)}`;
  });
}
