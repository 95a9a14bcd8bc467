import type { DetailedLoadResult, Project } from '../../compose/load/index.ts';
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
  if (flags.quiet !== true) {
    context.out(lines.map((line) => `${line}\n`).join(''));
  }
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
  if (project === undefined) {
    return flags.services === true ? result.disabledServices : undefined;
  }
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
  return flags.hash === undefined ? undefined : hashes(project, flags.hash);
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
