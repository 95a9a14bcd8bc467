import type { Project } from '../../compose/model/index.ts';
import type { CommandContext, LoadedProject } from '../context.ts';

/** `service:x` and, as a bake file spells it, `target:x` → `x`. */
export function contextService(text: string): string | undefined {
  return /^(?:service|target):(.*)$/.exec(text)?.[1];
}

/**
 * The project with the services too that were not asked for but are contexts of others: `build web` knows the service `base` then, which
 * `web` is built from.
 */
export async function withContextServices(
  context: CommandContext,
  loaded: LoadedProject,
): Promise<LoadedProject> {
  if (!lacksContexts(loaded.project)) return loaded;
  const all = await context.load();
  const services = { ...all.project.services, ...loaded.project.services };
  const { secrets } = all.project;
  const project = { ...loaded.project, services, ...(secrets === undefined ? {} : { secrets }) };
  return { ...loaded, project, variableContents: all.variableContents };
}

function lacksContexts({ services }: Project): boolean {
  return Object.values(services).some(({ build }) =>
    Object.values(build?.additional_contexts ?? {}).some((text) => {
      const name = contextService(text);
      return name !== undefined && services[name] === undefined;
    }),
  );
}
