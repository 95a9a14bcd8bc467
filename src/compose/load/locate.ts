import type { SourceRange } from '../../core/index.ts';
import type { Origins } from './load-result.ts';
import { type MapEntry, type Node, type Place, rangeOf } from './yaml/node.ts';

/** What stands at a path of a tree: the value, and its key where it is in a mapping. */
export interface Located {
  readonly node: Node;
  readonly key?: Place;
}

/**
 * Finds the value at a dotted path such as `services.web.ports.0`. Keys may have dots in them; the longest
 * key that fits is taken. Of a path that leads further than the tree, the last value on the way is the answer.
 */
export function locate(root: Node, path: string): Located & { readonly complete: boolean } {
  let node = root;
  let key: Place | undefined;
  let rest = path;
  while (rest !== '') {
    const next = below(node, rest);
    if (next === undefined) {
      break;
    }
    node = next.node;
    key = next.key;
    rest = next.rest;
  }
  return { node, complete: rest === '', ...(key === undefined ? {} : { key }) };
}

function below(
  node: Node,
  path: string,
): { node: Node; key: Place | undefined; rest: string } | undefined {
  if (node.kind === 'map') {
    let best: [string, MapEntry] | undefined;
    for (const [name, entry] of node.entries) {
      const fits = path === name || path.startsWith(`${name}.`);
      if (fits && (best === undefined || name.length > best[0].length)) {
        best = [name, entry];
      }
    }
    return best === undefined
      ? undefined
      : { node: best[1].value, key: best[1].key, rest: path.slice(best[0].length + 1) };
  }
  if (node.kind === 'seq') {
    const dot = path.indexOf('.');
    const name = dot === -1 ? path : path.slice(0, dot);
    const rest = dot === -1 ? '' : path.slice(dot + 1);
    const item = /^\d+$/.test(name) ? node.items[Number(name)] : namedItem(node.items, path);
    if (item !== undefined) {
      return { node: item, key: undefined, rest: /^\d+$/.test(name) ? rest : '' };
    }
  }
  return undefined;
}

/** `environment` may have stayed a list of `NAME=value` that the project shows as a mapping. */
function namedItem(items: readonly Node[], name: string): Node | undefined {
  return items.find(
    (item) =>
      item.kind === 'scalar' && (item.value === name || String(item.value).startsWith(`${name}=`)),
  );
}

/** The places of a finished tree's values. */
export class TreeOrigins implements Origins {
  readonly root: Node | undefined;

  constructor(root: Node | undefined) {
    this.root = root;
  }

  origin(path: string): SourceRange | undefined {
    if (this.root === undefined) {
      return undefined;
    }
    return rangeOf(locate(this.root, path).node);
  }

  /** Place of the key itself, or of the value where it has none. */
  keyPlace(path: string): Place | undefined {
    if (this.root === undefined) {
      return undefined;
    }
    const { key, node } = locate(this.root, path);
    return key ?? node;
  }

  place(path: string): Place | undefined {
    return this.root === undefined ? undefined : locate(this.root, path).node;
  }
}
