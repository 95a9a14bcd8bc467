/**
 * The tree that all phases of loading work on: plain values that remember where they were written.
 *
 * A parsed tree shares a node between an anchor and its aliases and is never changed; interpolation makes a
 * private copy, which the later phases change in place.
 */
import type { SourceRange } from '../../../core/index.ts';
import type { Source } from './source.ts';

export type ScalarValue = string | number | boolean | null;

/** Where something was written: offsets into a file's text. */
export interface Place {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

interface NodeBase extends Place {
  /** `!reset` takes the value away from what it is merged onto, `!override` replaces instead of merging. */
  tag?: 'reset' | 'override';
  /** This node or one below it has a {@link NodeBase.tag}. */
  tagged?: boolean;
  /** What this value replaced when files were merged, for `config --explain`. */
  overrode?: Node;
}

export interface ScalarNode extends NodeBase {
  readonly kind: 'scalar';
  readonly value: ScalarValue;
  /** A number written with a point or an exponent; Go prints those in another way. */
  readonly float?: boolean;
  /** The text before interpolation, where that changed it. */
  readonly template?: string;
}

export interface SeqNode extends NodeBase {
  readonly kind: 'seq';
  items: Node[];
}

export interface MapEntry {
  /** Where the key was written; the value's own place is in the value. */
  readonly key: Place;
  value: Node;
}

export interface MapNode extends NodeBase {
  readonly kind: 'map';
  readonly entries: Map<string, MapEntry>;
}

export type Node = ScalarNode | SeqNode | MapNode;

/** A value that stands for what was written at `place`: a default, or one half of a short form. */
export function scalarAt(place: Place, value: ScalarValue): ScalarNode {
  return { kind: 'scalar', value, source: place.source, start: place.start, end: place.end };
}

export function seqAt(place: Place, items: Node[] = []): SeqNode {
  return { kind: 'seq', items, source: place.source, start: place.start, end: place.end };
}

export function mapAt(place: Place, fields: Readonly<Record<string, Node>> = {}): MapNode {
  const entries = new Map<string, MapEntry>();
  for (const [key, value] of Object.entries(fields)) {
    entries.set(key, { key: value, value });
  }
  return { kind: 'map', entries, source: place.source, start: place.start, end: place.end };
}

/** The value under `key`, where `node` is a map that has it. */
export function child(node: Node | undefined, key: string): Node | undefined {
  return node?.kind === 'map' ? node.entries.get(key)?.value : undefined;
}

export function setChild(map: MapNode, key: string, value: Node, keyPlace: Place = value): void {
  map.entries.set(key, { key: keyPlace, value });
}

/** The string that `node` is, or `undefined`. */
export function stringOf(node: Node | undefined): string | undefined {
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined;
}

export function isNull(node: Node | undefined): boolean {
  return node?.kind === 'scalar' && node.value === null;
}

export function rangeOf(place: Place): SourceRange {
  return place.source.range(place.start, place.end);
}

/** A deep copy; places are shared, values are not. */
export function cloneNode(node: Node): Node {
  switch (node.kind) {
    case 'scalar':
      return { ...node };
    case 'seq':
      return { ...node, items: node.items.map(cloneNode) };
    case 'map': {
      const entries = new Map<string, MapEntry>();
      for (const [key, entry] of node.entries) {
        entries.set(key, { key: entry.key, value: cloneNode(entry.value) });
      }
      return { ...node, entries };
    }
  }
}

/** How many values a tree holds, mappings and lists among them. */
export function countNodes(node: Node): number {
  let count = 1;
  const below = node.kind === 'seq' ? node.items : [];
  for (const item of below) {
    count += countNodes(item);
  }
  if (node.kind === 'map') {
    for (const { value } of node.entries.values()) {
      count += countNodes(value);
    }
  }
  return count;
}

/** The plain JavaScript value: what `JSON.parse` would have given. */
export function toPlain(node: Node): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'seq':
      return node.items.map(toPlain);
    case 'map': {
      const plain: Record<string, unknown> = {};
      for (const [key, entry] of node.entries) {
        // a plain assignment of this key would set the object's prototype
        if (key === '__proto__') {
          Object.defineProperty(plain, key, { value: toPlain(entry.value), enumerable: true });
        } else {
          plain[key] = toPlain(entry.value);
        }
      }
      return plain;
    }
  }
}
