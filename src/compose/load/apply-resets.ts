import type { Node } from './yaml/node.ts';

/**
 * Takes away from `base` what `document` marks with `!reset` or `!override`: the first is then gone, the second
 * meets nothing to merge with. List items cannot be marked.
 *
 * @param over what is going to be merged onto `base`: remembers what its values replace
 */
export function applyResets(base: Node, document: Node, over?: Node): void {
  if (base.kind !== 'map' || document.kind !== 'map' || document.tagged !== true) {
    return;
  }
  for (const [key, { value }] of document.entries) {
    if (value.tagged !== true) {
      continue;
    }
    const below = base.entries.get(key)?.value;
    if (below === undefined) {
      continue;
    }
    const above = over?.kind === 'map' ? over.entries.get(key)?.value : undefined;
    if (value.tag === undefined) {
      applyResets(below, value, above);
      continue;
    }
    base.entries.delete(key);
    if (above !== undefined) {
      above.overrode ??= below;
    }
  }
}
