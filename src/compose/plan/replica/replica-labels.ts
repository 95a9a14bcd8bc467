import type { CanonicalConfig } from '../canonical-config.ts';
import {
  composeVersion,
  configFilesLabel,
  configHashLabel,
  configLabel,
  containerNumberLabel,
  dependsOnLabel,
  formatDependsOnLabel,
  imageLabel,
  oneoffLabel,
  projectLabel,
  serviceLabel,
  versionLabel,
  workingDirLabel,
} from '../labels.ts';
import type { PlanInput } from '../plan-input.ts';

/** What of a container's labels differs from container to container. */
export interface ReplicaLabelFacts {
  readonly service: string;
  readonly number: number;
  readonly oneoff: boolean;
  readonly imageId: string | undefined;
  readonly config: CanonicalConfig;
  readonly hash: string;
}

/** The labels by which this and other tools find a container and see what it was made from. */
export function replicaLabels(
  { project, workingDir, configFiles }: PlanInput,
  { service, number, oneoff, imageId, config, hash }: ReplicaLabelFacts,
): Record<string, string> {
  return {
    [configHashLabel]: hash,
    [containerNumberLabel]: String(number),
    [dependsOnLabel]: formatDependsOnLabel(project.services[service]?.depends_on),
    [imageLabel]: imageId ?? '',
    [oneoffLabel]: oneoff ? 'True' : 'False',
    [projectLabel]: project.name,
    [configFilesLabel]: configFiles.join(','),
    [workingDirLabel]: workingDir,
    [serviceLabel]: service,
    [versionLabel]: composeVersion,
    [configLabel]: JSON.stringify(config),
  };
}
