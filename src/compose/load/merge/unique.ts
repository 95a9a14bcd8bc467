import { parseMount } from '../canonical/mount.ts';
import type { Findings } from '../findings.ts';
import { type PatternStep, stepInto } from '../path-pattern.ts';
import { child, type Node, stringOf } from '../yaml/node.ts';
import { type UniqueKey, uniqueRules } from './rules.ts';

/** Lets later entries of a list take the place of earlier ones that mean the same thing. */
export function enforceUnique(root: Node, findings: Findings): Node {
  return walk(root, uniqueRules, findings, []);
}

function walk(
  node: Node,
  step: PatternStep<UniqueKey> | undefined,
  findings: Findings,
  path: readonly string[],
): Node {
  if (step === undefined) {
    return node;
  }
  if (node.kind === 'map') {
    for (const [key, entry] of node.entries) {
      const next = stepInto(step, key);
      if (next !== undefined) {
        entry.value = walk(entry.value, next, findings, [...path, key]);
      }
    }
    return node;
  }
  if (node.kind === 'seq' && step.rule !== undefined) {
    return { ...node, items: uniqueItems(node.items, step.rule, findings, path) };
  }
  return node;
}

function uniqueItems(
  items: readonly Node[],
  rule: UniqueKey,
  findings: Findings,
  path: readonly string[],
): Node[] {
  const result: Node[] = [];
  const indexOf = new Map<string, number>();
  items.forEach((item, index) => {
    if (rule === 'expose' && item.kind === 'scalar' && item.float === true) {
      const where = [...path, index].join('.');
      findings.error('COMPOSE_VALUE_INVALID', `${where}: ${item.value} is no port`, item);
    }
    const key = identity(item, rule);
    if (key === undefined) {
      if (item.kind === 'map' && !hasUnusableTarget(item)) {
        const missing = rule === 'env-file-path' ? 'path' : 'target';
        findings.error(
          'COMPOSE_KEY_REQUIRED',
          `${[...path, index].join('.')} has no \`${missing}\``,
          item,
        );
      }
      result.push(item);
      return;
    }
    const existing = indexOf.get(key);
    if (existing === undefined) {
      indexOf.set(key, result.push(item) - 1);
      return;
    }
    const earlier = result[existing];
    if (earlier !== undefined && earlier !== item) {
      item.overrode ??= earlier;
    }
    result[existing] = item;
  });
  return result;
}

/** A target that is there and of a wrong type; the schema says so. */
function hasUnusableTarget(item: Node): boolean {
  return child(item, 'target') !== undefined || child(item, 'path') !== undefined;
}

/** What an entry is the same by; `undefined` where it cannot be told, which leaves the entry alone. */
function identity(item: Node, rule: UniqueKey): string | undefined {
  const text = item.kind === 'scalar' && item.value !== null ? String(item.value) : undefined;
  switch (rule) {
    case 'name':
      return typeof text === 'string' ? text.split('=', 1)[0] : undefined;
    case 'expose':
      return text;
    case 'mount-target':
      return text === undefined ? stringOf(child(item, 'target')) : parseMount(text).target;
    case 'device-target': {
      if (text === undefined) {
        return stringOf(child(item, 'target'));
      }
      const [source, target] = text.split(':');
      return target ?? source;
    }
    case 'config-target':
      return fileTarget(item, text, '');
    case 'secret-target':
      return fileTarget(item, text, '/run/secrets');
    case 'env-file-path':
      return text ?? stringOf(child(item, 'path'));
    case 'port':
      return text ?? portIdentity(item);
  }
}

function fileTarget(item: Node, text: string | undefined, folder: string): string | undefined {
  if (text !== undefined) {
    return `${folder}/${text}`;
  }
  const target = stringOf(child(item, 'target'));
  return target ?? `${folder}/${stringOf(child(item, 'source')) ?? ''}`;
}

function portIdentity(item: Node): string | undefined {
  const part = (key: string, otherwise: string) => {
    const value = child(item, key);
    return value?.kind === 'scalar' && value.value !== null ? String(value.value) : otherwise;
  };
  const target = part('target', '');
  return target === ''
    ? undefined
    : `${part('host_ip', '0.0.0.0')}:${part('published', '')}:${target}/${part('protocol', 'tcp')}`;
}
