import type { Node } from './yaml/node.ts';

/**
 * Takes away from `base` what `document` marks with `!reset` or `!override`: the first is then gone, the second
 * meets nothing to merge with. List items cannot be marked.
 */
export function applyResets(base: Node, document: Node): void {
  if (base.kind !== 'map' || document.kind !== 'map' || document.tagged !== true) {
    return;
  }
  for (const [key, { value }] of document.entries) {
    if (value.tagged !== true) {
      continue;
    }
    if (value.tag !== undefined) {
      base.entries.delete(key);
      continue;
    }
    const below = base.entries.get(key)?.value;
    if (below !== undefined) {
      applyResets(below, value);
    }
  }
}
