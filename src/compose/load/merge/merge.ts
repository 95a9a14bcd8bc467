import type { Findings } from '../findings.ts';
import { printScalar } from '../go-print.ts';
import { type PatternStep, stepInto } from '../path-pattern.ts';
import {
  isNull,
  type MapEntry,
  type MapNode,
  mapAt,
  type Node,
  type Place,
  type ScalarNode,
  scalarAt,
  seqAt,
  setChild,
} from '../yaml/node.ts';
import { type MergeRule, mergeRules } from './rules.ts';

type Step = PatternStep<MergeRule> | undefined;

/**
 * Merges a later file's tree over an earlier one's by the table in `rules.ts`. Both are used up: the result
 * is made of their nodes, and a replaced value stays reachable as `overrode`.
 *
 * @param at - Pattern path at which both stand: empty for whole files, `services.x` for `extends`.
 */
export function mergeTrees(
  base: Node,
  over: Node,
  findings: Findings,
  at: readonly string[] = [],
): Node {
  let step: Step = mergeRules;
  for (const key of at) {
    step = stepInto(step, key);
  }
  return new Merge(findings).values(base, over, step, at);
}

class Merge {
  readonly #findings: Findings;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  values(base: Node, over: Node, step: Step, path: readonly string[]): Node {
    switch (step?.rule) {
      case 'replace':
        return replaced(base, over);
      case 'as-list':
        return this.#append(asList(base), asList(over), base);
      case 'as-list-once':
        return this.#appendOnce(base, over);
      case 'build':
        return this.#maps(asBuild(base), asBuild(over), step, path);
      case 'names':
        return this.#maps(asNames(base, nullAt), asNames(over, nullAt), step, path);
      case 'depends-on':
        return this.#maps(asNames(base, startedAt), asNames(over, startedAt), step, path);
      case 'logging':
        return this.#logging(base, over, step, path);
      case 'ipam-config':
        return this.#pools(base, over, step, path);
      default:
        return this.#byKind(base, over, step, path);
    }
  }

  #byKind(base: Node, over: Node, step: Step, path: readonly string[]): Node {
    if (isNull(over)) {
      return base;
    }
    if (base.kind === 'scalar') {
      return replaced(base, over);
    }
    if (base.kind !== over.kind) {
      this.#findings.error(
        'COMPOSE_MERGE_CONFLICT',
        `${path.join('.')} is a ${kindName(over)} here and a ${kindName(base)} in the value it overrides`,
        over,
        { related: [{ message: 'overrides this', place: base }] },
      );
      return base;
    }
    if (base.kind === 'map' && over.kind === 'map') {
      return this.#maps(base, over, step, path);
    }
    return this.#append(base, over, base);
  }

  #maps(base: Node, over: Node, step: Step, path: readonly string[]): Node {
    if (base.kind !== 'map' || over.kind !== 'map') {
      return isNull(over) || over === base ? base : replaced(base, over);
    }
    for (const [key, entry] of over.entries) {
      const existing = base.entries.get(key);
      if (existing === undefined) {
        base.entries.set(key, entry);
        continue;
      }
      const value = this.values(existing.value, entry.value, stepInto(step, key), [...path, key]);
      base.entries.set(key, { key: value === existing.value ? existing.key : entry.key, value });
    }
    return base;
  }

  #append(base: Node, over: Node, place: Place): Node {
    const items = base.kind === 'seq' ? base.items : [];
    return seqAt(place, items.concat(over.kind === 'seq' ? over.items : []));
  }

  #appendOnce(base: Node, over: Node): Node {
    const first = asList(base).items;
    const has = new Set(first.map((item) => (item.kind === 'scalar' ? item.value : item)));
    const fresh = asList(over).items.filter(
      (item) => !has.has(item.kind === 'scalar' ? item.value : item),
    );
    return seqAt(base, first.concat(fresh));
  }

  #logging(base: Node, over: Node, step: Step, path: readonly string[]): Node {
    if (base.kind !== 'map' || over.kind !== 'map') {
      return replaced(base, over);
    }
    const one = base.entries.get('driver')?.value;
    const other = over.entries.get('driver')?.value;
    const isSameDriver =
      one === undefined ||
      other === undefined ||
      (one.kind === 'scalar' && other.kind === 'scalar' && one.value === other.value);
    return isSameDriver ? this.#maps(base, over, step, path) : replaced(base, over);
  }

  /** Pools are the same by their subnet; a pool of the later file without a match comes before the earlier's. */
  #pools(base: Node, over: Node, step: Step, path: readonly string[]): Node {
    if (base.kind !== 'seq' || over.kind !== 'seq') {
      return this.#byKind(base, over, undefined, path);
    }
    const pools: Node[] = [];
    const find = (subnet: unknown) => pools.findIndex((pool) => subnetOf(pool) === subnet);
    for (const original of base.items) {
      for (const change of over.items) {
        if (subnetOf(change) !== subnetOf(original) && find(subnetOf(change)) === -1) {
          pools.push(change);
          continue;
        }
        const merged = this.#maps(original, change, step, path);
        const known = find(subnetOf(merged));
        if (known === -1) {
          pools.push(merged);
        } else {
          pools[known] = merged;
        }
      }
    }
    return seqAt(base, pools);
  }
}

function replaced(base: Node, over: Node): Node {
  if (over !== base) {
    over.overrode ??= base;
  }
  return over;
}

function subnetOf(pool: Node): unknown {
  const subnet = pool.kind === 'map' ? pool.entries.get('subnet')?.value : undefined;
  return subnet?.kind === 'scalar' ? subnet.value : undefined;
}

function kindName(node: Node): string {
  return node.kind === 'map' ? 'mapping' : node.kind === 'seq' ? 'list' : 'single value';
}

/** The list form of a value: `KEY=value` entries for a mapping, sorted, one item for a string. */
export function asList(node: Node): { kind: 'seq'; items: Node[] } & Node {
  if (node.kind === 'seq') {
    return node;
  }
  if (node.kind === 'scalar') {
    return seqAt(node, typeof node.value === 'string' ? [node] : []);
  }
  const items: ScalarNode[] = [];
  for (const [key, entry] of node.entries) {
    items.push(...keyValueItems(key, entry));
  }
  items.sort((a, b) => (String(a.value) < String(b.value) ? -1 : 1));
  return seqAt(node, items);
}

function keyValueItems(key: string, { key: keyPlace, value }: MapEntry): ScalarNode[] {
  const isSameSource = keyPlace.source === value.source && keyPlace.start <= value.start;
  const place = isSameSource
    ? { source: value.source, start: keyPlace.start, end: value.end }
    : value;
  if (value.kind === 'scalar') {
    if (value.value === null) {
      return [scalarAt(place, key)];
    }
    const text = `${key}=${printScalar(value.value, value.float)}`;
    const node = scalarAt(place, text);
    return [
      value.template === undefined ? node : { ...node, template: `${key}=${value.template}` },
    ];
  }
  if (value.kind === 'seq') {
    return value.items.map((item) =>
      scalarAt(item, `${key}=${item.kind === 'scalar' ? printScalar(item.value, item.float) : ''}`),
    );
  }
  return [];
}

function asBuild(node: Node): Node {
  return node.kind === 'scalar' && typeof node.value === 'string'
    ? mapAt(node, { context: node })
    : node;
}

function asNames(node: Node, valueAt: (place: Place) => Node): Node {
  if (node.kind !== 'seq') {
    return node;
  }
  const map: MapNode = mapAt(node);
  for (const item of node.items) {
    if (item.kind === 'scalar' && typeof item.value === 'string') {
      setChild(map, item.value, valueAt(item), item);
    }
  }
  return map;
}

function nullAt(place: Place): Node {
  return scalarAt(place, null);
}

/** What a service named without options in `depends_on` means. */
export function startedAt(place: Place): MapNode {
  return mapAt(place, {
    condition: scalarAt(place, 'service_started'),
    required: scalarAt(place, true),
  });
}
