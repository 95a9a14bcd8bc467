/**
 * Label names and values. The `com.docker.compose.*` ones are Docker Compose's, letter by letter, because
 * other tools read them; the `dev.coracle.*` ones are ours.
 */
import type { DependencyCondition, Service } from '../model/index.ts';

export const projectLabel = 'com.docker.compose.project';
export const serviceLabel = 'com.docker.compose.service';
export const containerNumberLabel = 'com.docker.compose.container-number';
export const oneoffLabel = 'com.docker.compose.oneoff';
export const workingDirLabel = 'com.docker.compose.project.working_dir';
export const configFilesLabel = 'com.docker.compose.project.config_files';
export const configHashLabel = 'com.docker.compose.config-hash';
export const dependsOnLabel = 'com.docker.compose.depends_on';
export const imageLabel = 'com.docker.compose.image';
export const versionLabel = 'com.docker.compose.version';
export const networkLabel = 'com.docker.compose.network';
export const volumeLabel = 'com.docker.compose.volume';

/** On a container that only tries whether its service's can be created: the id of the one that it is to replace. */
export const rehearsalLabel = 'dev.coracle.compose.rehearsal';

/** On a container that runs one step of a service's `pre_start`: the number of the step, from 1. */
export const preStartLabel = 'dev.coracle.compose.pre-start';

/** The canonical configuration that a container was made from, as JSON with the version of its form. */
export const configLabel = 'dev.coracle.compose.config';

/** The Docker Compose release whose labels and names we write; tools compare it as a version. */
export const composeVersion = '2.40.3';

/** What `depends_on` says, as its label holds it: `db:service_healthy:true,cache:service_started:false`. */
export function formatDependsOnLabel(dependsOn: Service['depends_on']): string {
  return Object.entries(dependsOn ?? {})
    .map(([name, { condition, restart }]) => `${name}:${condition}:${restart ?? false}`)
    .join(',');
}

/** A dependency read back from the label. */
export interface LabelledDependency {
  readonly service: string;
  readonly condition: DependencyCondition;
  readonly restart: boolean;
}

/** Reads {@link formatDependsOnLabel}'s form back; entries of another form are taken as plain start order. */
export function parseDependsOnLabel(label: string | undefined): LabelledDependency[] {
  if (label === undefined || label === '') return [];
  return label.split(',').map((entry) => {
    const [service = '', condition, restart] = entry.split(':');
    return {
      service,
      condition:
        condition === 'service_healthy' || condition === 'service_completed_successfully'
          ? condition
          : 'service_started',
      restart: restart === 'true',
    };
  });
}
