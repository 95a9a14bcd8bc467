import { projectLabel } from '../../compose/plan/index.ts';
import type { CommandContext } from '../context.ts';
import type { Candidate, Subject } from './expected.ts';

/** The names of a subject that exist now. What cannot be read has none: a completion never fails. */
export async function namesOfSubject(
  context: CommandContext,
  subject: Subject,
): Promise<Candidate[]> {
  try {
    return await readers[subject](context);
  } catch {
    // No compose file, one with mistakes, no right to ask the engine: the command itself will say so.
    return [];
  }
}

const readers: Readonly<Record<Subject, (context: CommandContext) => Promise<Candidate[]>>> = {
  async service(context) {
    const { project, disabledServices } = await context.load();
    const enabled = Object.entries(project.services).map(([value, { image, build }]) => ({
      value,
      description: image ?? (build === undefined ? '' : 'built'),
    }));
    return [...enabled, ...disabledServices.map((value) => ({ value, description: 'profile' }))];
  },
  async profile(context) {
    const { profileNames } = await context.load();
    return profileNames.map((value) => ({ value }));
  },
  async project(context) {
    const all = await (await context.engine()).listContainers({ all: true });
    return distinct(all.flatMap(({ Labels }) => Labels[projectLabel] ?? []));
  },
  container: (context) => containers(context, true),
  'running container': (context) => containers(context, false),
  async image(context) {
    const images = await (await context.engine()).listImages();
    return distinct(images.flatMap(({ RepoTags }) => RepoTags ?? []));
  },
  async network(context) {
    const networks = await (await context.engine()).listNetworks();
    return networks.map(({ Name, Driver }) => ({ value: Name, description: Driver }));
  },
  async volume(context) {
    const { Volumes } = await (await context.engine()).listVolumes();
    return Volumes.map(({ Name }) => ({ value: Name }));
  },
};

async function containers(context: CommandContext, all: boolean): Promise<Candidate[]> {
  const found = await (await context.engine()).listContainers({ all });
  return found.map(({ Names, Image, Status }) => ({
    value: (Names[0] ?? '').replace(/^\//, ''),
    description: `${Image}, ${Status}`,
  }));
}

function distinct(values: readonly string[]): Candidate[] {
  return [...new Set(values)].sort().map((value) => ({ value }));
}
