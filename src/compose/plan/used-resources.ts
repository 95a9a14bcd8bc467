import type { Project } from '../model/index.ts';
import { attachedNetworks } from './container/index.ts';

/** Keys of the networks and volumes that some services use; what nobody uses is not created, unless `all`. */
export function usedResources(
  project: Project,
  services: readonly string[],
  all: boolean,
): { readonly networks: ReadonlySet<string>; readonly volumes: ReadonlySet<string> } {
  const networks = new Set<string>(all ? Object.keys(project.networks ?? {}) : []);
  const volumes = new Set<string>(all ? Object.keys(project.volumes ?? {}) : []);
  for (const name of services) {
    const definition = project.services[name];
    if (definition === undefined) continue;
    for (const key of attachedNetworks(definition)) networks.add(key);
    for (const { type, source } of definition.volumes ?? []) {
      if (type === 'volume' && source !== undefined) volumes.add(source);
    }
  }
  return { networks, volumes };
}
