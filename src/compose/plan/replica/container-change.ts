import { canonicalConfig, configHash } from '../canonical-config.ts';
import { type ConfigChange, configChanges, printChange } from '../config-changes.ts';
import { configHashLabel, dependsOnLabel, formatDependsOnLabel, imageLabel } from '../labels.ts';
import { imageName } from '../names.ts';
import type { ObservedContainer } from '../observed.ts';
import type { PlanInput } from '../plan-input.ts';
import { readConfigLabel } from '../read-config-label.ts';
import { isLive } from './live-update.ts';

/** What has to become of a container that is there, and why; each changed key with its old and new value and place. */
export type ContainerChange =
  | { readonly kind: 'none' }
  | { readonly kind: 'update' | 'recreate'; readonly cause: string };

/**
 * Compares a container with what the file asks for. What it was made from is in its label, with the version of the form:
 * the comparison is made in that form, so that a new version of ours changes nothing by itself.
 */
export function containerChange(
  input: PlanInput,
  service: string,
  container: ObservedContainer,
): ContainerChange {
  if (container.state === 'dead') return { kind: 'recreate', cause: 'it is dead' };
  const { project, files, observed } = input;
  const causes: string[] = [];
  const image = observed.images.get(imageName(project, service));
  const before = container.labels[imageLabel];
  if (image !== undefined && before !== undefined && image !== before) {
    causes.push(`image changed: ${shortDigest(before)} → ${shortDigest(image)}`);
  }
  const old = readConfigLabel(container.labels);
  const config = canonicalConfig(project, service, files, old?.version);
  const isOld = container.labels[configHashLabel] !== configHash(config);
  if (!isOld && causes.length === 0) return labelChange(input, service, container);
  const changes = isOld && old !== undefined ? configChanges(old, config) : [];
  if (isOld && changes.length === 0) causes.push('it was made from another configuration');
  const live =
    causes.length === 0 && observed.canUpdate && changes.every((change) => isLive(change));
  causes.push(...changes.map((change) => printPlaced(input, service, change)));
  return { kind: live ? 'update' : 'recreate', cause: causes.join(', ') };
}

/** The order in which a project stops is in the labels: that one may be behind without anything else having changed. */
function labelChange(
  { project, observed, place }: PlanInput,
  service: string,
  { labels }: ObservedContainer,
): ContainerChange {
  const before = labels[dependsOnLabel] ?? '';
  const after = formatDependsOnLabel(project.services[service]?.depends_on);
  if (before === after || !observed.canUpdate) return { kind: 'none' };
  const at = place(['services', service, 'depends_on']);
  const cause = `depends_on: ${JSON.stringify(before)} → ${JSON.stringify(after)}`;
  return { kind: 'update', cause: at === undefined ? cause : `${cause} (${at})` };
}

/** A key that is gone from the file has no place of its own: that of what it stood in is told. */
function printPlaced({ place }: PlanInput, service: string, change: ConfigChange): string {
  let path = ['services', service, ...change.path];
  let at = place(path);
  while (at === undefined && path.length > 2) {
    path = path.slice(0, -1);
    at = place(path);
  }
  return `${printChange(change)}${at === undefined ? '' : ` (${at})`}`;
}

function shortDigest(digest: string): string {
  const [algorithm, hex] = digest.includes(':') ? digest.split(':') : ['sha256', digest];
  return `${algorithm}:${hex?.slice(0, 12)}`;
}
