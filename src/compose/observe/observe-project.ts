import type { ComposeEngine, EngineApi } from '../../engine/index.ts';
import type { Project } from '../model/index.ts';
import {
  imageName,
  type ObservedContainer,
  type ObservedProject,
  observedContainer,
  observedResource,
  projectLabel,
} from '../plan/index.ts';

/** The containers of a project by their labels, one-off ones included, in the engine's order. */
export async function listProjectContainers(
  engine: Pick<EngineApi, 'listContainers'>,
  project: string,
): Promise<ObservedContainer[]> {
  const infos = await engine.listContainers({ all: true, filters: projectFilter(project) });
  return infos.flatMap((info) => observedContainer(info) ?? []);
}

/**
 * What there is of a project. With `definition`, also whether its external networks and volumes exist and
 * which of its images are local.
 */
export async function observeProject(
  engine: ComposeEngine,
  project: string,
  definition?: Project,
): Promise<ObservedProject> {
  const filters = projectFilter(project);
  const [containers, networks, volumes, externals, images] = await Promise.all([
    listProjectContainers(engine, project),
    engine.listNetworks({ filters }),
    engine.listVolumes({ filters }),
    definition === undefined ? new Set<string>() : existingExternals(engine, definition),
    definition === undefined ? new Map<string, string>() : localImages(engine, definition),
  ]);
  return {
    containers,
    networks: networks.map((entry) => observedResource('network', entry)),
    volumes: (volumes.Volumes ?? []).map((entry) => observedResource('volume', entry)),
    externals,
    images,
    canUpdate: engine.canUpdate,
  };
}

function projectFilter(project: string) {
  return { label: [`${projectLabel}=${project}`] };
}

async function existingExternals(engine: EngineApi, definition: Project): Promise<Set<string>> {
  const found = new Set<string>();
  const checks: Promise<void>[] = [];
  for (const network of Object.values(definition.networks ?? {})) {
    if (!network.external) continue;
    checks.push(
      exists(engine.getNetwork(network.name)).then((there) => {
        if (there) found.add(`network/${network.name}`);
      }),
    );
  }
  for (const volume of Object.values(definition.volumes ?? {})) {
    if (!volume.external) continue;
    checks.push(
      exists(engine.getVolume(volume.name)).then((there) => {
        if (there) found.add(`volume/${volume.name}`);
      }),
    );
  }
  await Promise.all(checks);
  return found;
}

async function localImages(engine: EngineApi, definition: Project): Promise<Map<string, string>> {
  const references = [
    ...new Set(
      Object.entries(definition.services).flatMap(([name, { pre_start: hooks = [] }]) => [
        imageName(definition, name),
        ...hooks.flatMap(({ image }) => image ?? []),
      ]),
    ),
  ];
  const ids = await Promise.all(references.map((reference) => imageId(engine, reference)));
  return new Map(
    references.flatMap((reference, index): [string, string][] => {
      const id = ids[index];
      return id === undefined ? [] : [[reference, id]];
    }),
  );
}

/** Id of a local image; `undefined` where there is none. */
export async function imageId(engine: EngineApi, reference: string): Promise<string | undefined> {
  return (await unlessMissing(() => engine.getImage(reference).inspect()))?.Id;
}

async function exists(resource: { inspect(): Promise<unknown> }): Promise<boolean> {
  return (await unlessMissing(() => resource.inspect())) !== undefined;
}

/** The engine answers a missing thing with status 404, Docker's and ours alike. */
async function unlessMissing<T>(inspect: () => Promise<T>): Promise<T | undefined> {
  try {
    return await inspect();
  } catch (error) {
    if ((error as { statusCode?: unknown }).statusCode === 404) return undefined;
    throw error;
  }
}
