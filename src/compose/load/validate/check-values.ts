/** Checks of single values that a schema cannot express, on the canonical tree before it is decoded. */
import { isIP } from 'node:net';
import type { LoadShared } from '../load-context.ts';
import { compilePatterns, type PatternStep, stepInto, stepIntoItem } from '../path-pattern.ts';
import { child, type MapNode, type Node, stringOf } from '../yaml/node.ts';

type Check = (node: Node, path: string, shared: CheckContext) => void;

/** Where a check reports, and where it notes what is reported for the checks after it. */
type CheckContext = Pick<LoadShared, 'findings' | 'refused'>;

const checks = compilePatterns<Check>({
  'volumes.*': externalVolume,
  'configs.*': fileObject(['file', 'environment', 'content']),
  'secrets.*': fileObject(['file', 'environment']),
  'services.*.ports.*': hostAddress,
  'services.*.develop.watch.*.path': notBlank,
  'services.*.deploy.resources.reservations.devices.*': countOrIds,
  'services.*.gpus.*': countOrIds,
});

export function checkValues(root: Node, context: CheckContext): void {
  walk(root, checks, [], context);
}

function walk(
  node: Node,
  step: PatternStep<Check> | undefined,
  path: readonly string[],
  context: CheckContext,
): void {
  if (step === undefined) {
    return;
  }
  if (step.rule !== undefined) {
    step.rule(node, path.join('.'), context);
  } else if (node.kind === 'map') {
    for (const [key, { value }] of node.entries) {
      walk(value, stepInto(step, key), [...path, key], context);
    }
  } else if (node.kind === 'seq') {
    const next = stepIntoItem(step);
    node.items.forEach((item, index) => {
      walk(item, next, [...path, String(index)], context);
    });
  }
}

function isExternal(map: MapNode): boolean {
  const external = map.entries.get('external')?.value;
  return external?.kind === 'scalar' && external.value === true;
}

/** Of an external volume there is only its name to say. */
function externalVolume(node: Node, path: string, { findings }: CheckContext): void {
  if (node.kind !== 'map' || !isExternal(node)) {
    return;
  }
  for (const [key, { key: place }] of node.entries) {
    if (key !== 'name' && key !== 'external' && !key.startsWith('x-')) {
      findings.error(
        'COMPOSE_CONFLICT',
        `${path} is external, so \`${key}\` cannot be set here`,
        place,
        { hint: `Remove \`${key}\`, or \`external\`.` },
      );
    }
  }
}

function fileObject(sources: readonly string[]): Check {
  return (node, path, { findings, refused }) => {
    if (node.kind !== 'map') {
      return;
    }
    const given = sources.filter((key) => node.entries.has(key));
    const names = sources.map((key) => `\`${key}\``).join(', ');
    if (given.length > 1) {
      const place = node.entries.get(given[1] ?? '')?.key ?? node;
      findings.error('COMPOSE_CONFLICT', `${path} must have only one of ${names}`, place);
    } else if (given.length === 0 && !node.entries.has('driver') && !node.entries.has('external')) {
      findings.error('COMPOSE_KEY_REQUIRED', `${path} must have one of ${names}`, node);
      refused.add(path);
    }
  };
}

function hostAddress(node: Node, path: string, { findings }: CheckContext): void {
  const address = child(node, 'host_ip');
  const text = stringOf(address);
  if (address !== undefined && text !== undefined && isIP(text) === 0) {
    findings.error('COMPOSE_VALUE_INVALID', `${path}.host_ip: "${text}" is no IP address`, address);
  }
}

function notBlank(node: Node, path: string, { findings }: CheckContext): void {
  if (node.kind === 'scalar' && node.value === '') {
    findings.error('COMPOSE_VALUE_INVALID', `${path} must not be blank`, node);
  }
}

function countOrIds(node: Node, path: string, { findings }: CheckContext): void {
  const ids = node.kind === 'map' ? node.entries.get('device_ids') : undefined;
  if (ids !== undefined && child(node, 'count') !== undefined) {
    findings.error('COMPOSE_CONFLICT', `${path} has both \`count\` and \`device_ids\``, ids.key, {
      hint: 'Keep one of the two.',
    });
  }
}
