import type { Findings } from '../findings.ts';
import type { MapEntry, MapNode, Node, Place, ScalarNode, SeqNode } from './node.ts';
import { resolvePlainScalar } from './plain-scalar.ts';
import type { Source } from './source.ts';

/** A key as written, before it is known whether it may be one. */
export interface WrittenKey extends Place {
  readonly text: string;
  readonly quoted: boolean;
  /** A key that is a list, a map or an alias to one. */
  readonly complex?: boolean;
}

export interface WrittenPair {
  readonly key: WrittenKey;
  readonly value: Node;
}

/** Why a document cannot be turned into a tree at all. */
export class UnbuildableError extends Error {
  override readonly name = 'UnbuildableError';
}

/** Values in one document, counted as often as aliases repeat them. */
const mostNodes = 300_000;
export const deepestNesting = 200;

/**
 * Makes {@link Node}s of what a YAML parser met: keeps anchors, merges `<<`, reports keys given twice and keys
 * that are no strings, and counts so that aliases cannot blow a small file up.
 */
export class TreeBuilder {
  readonly source: Source;
  readonly #findings: Findings;
  readonly #anchors = new Map<string, { node: Node | undefined; size: number }>();
  #nodes = 0;

  constructor(source: Source, findings: Findings) {
    this.source = source;
    this.#findings = findings;
  }

  /** Called before an anchored value is read; the result goes to {@link closeAnchor}. */
  openAnchor(name: string): number {
    this.#anchors.set(name, { node: undefined, size: 0 });
    return this.#nodes;
  }

  closeAnchor(name: string, node: Node, opened: number): void {
    this.#anchors.set(name, { node, size: this.#nodes - opened });
  }

  alias(name: string, start: number, end: number): Node {
    const place = { source: this.source, start, end };
    const anchor = this.#anchors.get(name);
    if (anchor?.node === undefined) {
      if (anchor === undefined) {
        this.#findings.error('COMPOSE_YAML_ALIAS', `unknown anchor "${name}"`, place, {
          hint: 'Define it earlier in the same file with `&name`.',
        });
      } else {
        this.#findings.error('COMPOSE_YAML_ALIAS', `anchor "${name}" contains itself`, place);
      }
      return { kind: 'scalar', value: null, ...place };
    }
    this.#count(anchor.size, start);
    return anchor.node;
  }

  plain(text: string, start: number, end: number): ScalarNode {
    this.#count(1, start);
    const { value, float } = resolvePlainScalar(text);
    const node = { kind: 'scalar', value, source: this.source, start, end } as const;
    return float === true ? { ...node, float } : node;
  }

  quoted(value: string, start: number, end: number): ScalarNode {
    this.#count(1, start);
    return { kind: 'scalar', value, source: this.source, start, end };
  }

  seq(items: Node[], start: number, end: number): SeqNode {
    this.#count(1, start);
    const node: SeqNode = { kind: 'seq', items, source: this.source, start, end };
    if (items.some((item) => item.tagged)) {
      node.tagged = true;
    }
    return node;
  }

  map(pairs: readonly WrittenPair[], start: number, end: number): MapNode {
    this.#count(1, start);
    const entries = new Map<string, MapEntry>();
    const node: MapNode = { kind: 'map', entries, source: this.source, start, end };
    let merge: WrittenPair | undefined;
    for (const pair of pairs) {
      const { key, value } = pair;
      if (key.text === '<<' && !key.quoted) {
        if (merge !== undefined) {
          this.#reportDuplicate(key, merge.key);
        }
        merge = pair;
        continue;
      }
      if (!this.#isUsableKey(key)) {
        continue;
      }
      const first = entries.get(key.text);
      if (first !== undefined) {
        this.#reportDuplicate(key, first.key);
        continue;
      }
      entries.set(key.text, { key, value });
      if (value.tagged) {
        node.tagged = true;
      }
    }
    if (merge !== undefined) {
      this.#merge(node, merge);
    }
    return node;
  }

  tag(node: Node, tag: 'reset' | 'override'): Node {
    return { ...node, tag, tagged: true };
  }

  #count(nodes: number, at: number): void {
    this.#nodes += nodes;
    if (this.#nodes > mostNodes) {
      const place = { source: this.source, start: at, end: at + 1 };
      this.#findings.error(
        'COMPOSE_LIMIT',
        `more than ${mostNodes} values in one document, aliases counted in full`,
        place,
      );
      throw new UnbuildableError();
    }
  }

  #reportDuplicate(key: WrittenKey, first: Place): void {
    const { line } = this.source.position(first.start);
    this.#findings.error(
      'COMPOSE_YAML_DUPLICATE_KEY',
      `key "${key.text}" is already defined at line ${line}`,
      key,
      {
        hint: 'Remove one of the two.',
        related: [{ message: 'first defined here', place: first }],
      },
    );
  }

  #isUsableKey(key: WrittenKey): boolean {
    if (key.complex === true) {
      this.#findings.error('COMPOSE_KEY_NOT_STRING', 'a key must be a string', key);
      return false;
    }
    if (key.quoted || typeof resolvePlainScalar(key.text).value === 'string') {
      return true;
    }
    this.#findings.error(
      'COMPOSE_KEY_NOT_STRING',
      `key ${key.text === '' ? '(empty)' : key.text} is not a string`,
      key,
      { hint: `Write it in quotes: "${key.text}".` },
    );
    return false;
  }

  /** Adds what `<<` names; keys of the map itself win, then the first merged map that has a key. */
  #merge(into: MapNode, { key, value }: WrittenPair): void {
    const sources = value.kind === 'seq' ? value.items : [value];
    for (const from of sources) {
      if (from.kind !== 'map') {
        this.#findings.error(
          'COMPOSE_YAML_ALIAS',
          '`<<` takes a mapping or a list of mappings',
          key,
        );
        return;
      }
      for (const [name, entry] of from.entries) {
        if (!into.entries.has(name)) {
          into.entries.set(name, entry);
          if (entry.value.tagged) {
            into.tagged = true;
          }
        }
      }
    }
  }
}
