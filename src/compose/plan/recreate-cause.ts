import { canonicalConfig, configHash } from './canonical-config.ts';
import { configChanges, printChange } from './config-changes.ts';
import { configHashLabel, imageLabel } from './labels.ts';
import { imageName } from './names.ts';
import type { ObservedContainer } from './observed.ts';
import type { PlanInput } from './plan-input.ts';
import { readConfigLabel } from './read-config-label.ts';

/**
 * Why a container is no longer what the file asks for, each changed key with its old and new value and its
 * place; `undefined` where it still is.
 */
export function recreateCause(
  input: PlanInput,
  service: string,
  container: ObservedContainer,
): string | undefined {
  if (container.state === 'dead') return 'it is dead';
  const causes: string[] = [];
  const image = input.observed.images.get(imageName(input.project, service));
  const before = container.labels[imageLabel];
  if (image !== undefined && before !== undefined && image !== before) {
    causes.push(`image changed: ${shortDigest(before)} → ${shortDigest(image)}`);
  }
  const config = canonicalConfig(input.project, service, input.files);
  if (container.labels[configHashLabel] !== configHash(config)) {
    const old = readConfigLabel(container.labels);
    const changes = old === undefined ? [] : configChanges(old, config);
    causes.push(
      ...(changes.length === 0
        ? ['it was made from another configuration']
        : changes.map((change) => {
            const place = input.place(['services', service, ...change.path]);
            return `${printChange(change)}${place === undefined ? '' : ` (${place})`}`;
          })),
    );
  }
  return causes.length === 0 ? undefined : causes.join(', ');
}

function shortDigest(digest: string): string {
  const [algorithm, hex] = digest.includes(':') ? digest.split(':') : ['sha256', digest];
  return `${algorithm}:${hex?.slice(0, 12)}`;
}
