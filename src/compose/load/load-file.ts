import { applyResets } from './apply-resets.ts';
import { asMap, finishCanonical, readDocument } from './canonical-file.ts';
import { applyExtends } from './extends.ts';
import { applyIncludes, type LoadGroup } from './include.ts';
import type { LoadScope } from './load-context.ts';
import { mergeTrees } from './merge/merge.ts';
import { enforceUnique } from './merge/unique.ts';
import { validateTree } from './validate/validate-tree.ts';
import { type MapNode, mapAt, type Node } from './yaml/node.ts';

/**
 * Loads one file, document by document, on top of what the files before it came to:
 * parse → interpolate → include → `!reset` → extends → merge → unique → validate → canonical → unique.
 */
export function loadFileOnto(
  base: MapNode | undefined,
  path: string,
  scope: LoadScope,
  loadGroup: LoadGroup,
): MapNode | undefined {
  const { shared } = scope;
  const parsed = shared.files.parse(path);
  let result = base;
  for (const document of parsed?.documents ?? []) {
    const root = readDocument(document, scope);
    if (root === undefined) {
      continue;
    }
    const under: MapNode = result ?? mapAt(root);
    applyIncludes(root, { document, file: path, scope, loadGroup });
    applyResets(under, document, root);
    applyExtends(root, document, path, scope);
    if (shared.budget.isSpent) {
      return undefined;
    }
    const merged = enforceUnique(mergeTrees(under, root, shared.findings), shared.findings);
    validateTree(merged, shared);
    warnObsoleteVersion(merged, scope);
    result = asMap(finishCanonical(merged, scope));
  }
  return result;
}

function warnObsoleteVersion(root: Node, { shared }: LoadScope): void {
  if (root.kind !== 'map') {
    return;
  }
  const version = root.entries.get('version');
  if (version !== undefined) {
    shared.findings.warning(
      'COMPOSE_DEPRECATED',
      '`version` means nothing any more and is ignored',
      version.key,
      { hint: 'Remove the line.' },
    );
    root.entries.delete('version');
  }
}
