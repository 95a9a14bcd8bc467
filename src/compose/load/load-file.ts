import { applyResets } from './apply-resets.ts';
import { toCanonical } from './canonical/canonical.ts';
import { applyExtends } from './extends.ts';
import { applyIncludes } from './include.ts';
import { interpolate } from './interpolate/interpolate.ts';
import type { LoadScope } from './load-context.ts';
import { mergeTrees } from './merge/merge.ts';
import { enforceUnique } from './merge/unique.ts';
import { validateTree } from './validate/validate-tree.ts';
import { child, isNull, type MapNode, mapAt, type Node, type Place } from './yaml/node.ts';

/**
 * Loads one file, document by document, on top of what the files before it came to:
 * parse → interpolate → include → `!reset` → extends → merge → unique → validate → canonical → unique.
 */
export function loadFileOnto(
  base: MapNode | undefined,
  path: string,
  scope: LoadScope,
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
    applyIncludes(root, document, path, scope);
    applyResets(under, document);
    applyExtends(root, document, path, scope);
    const merged = enforceUnique(mergeTrees(under, root, shared.findings), shared.findings);
    validateTree(merged, shared);
    warnObsoleteVersion(merged, scope);
    result = asMap(finishCanonical(merged, scope));
  }
  return result;
}

/** A file on its own in canonical form, neither validated nor extended: the base of an `extends`. */
export function canonicalFile(
  path: string,
  scope: LoadScope,
  place: Place,
): { root: Node; document: Node } | undefined {
  const { shared } = scope;
  const [document] = shared.files.parse(path, place)?.documents ?? [];
  const root = document === undefined ? undefined : readDocument(document, scope);
  if (document === undefined || root === undefined) {
    return undefined;
  }
  const unique = enforceUnique(root, shared.findings);
  return { root: finishCanonical(unique, scope), document };
}

function readDocument(document: Node, { shared, environment }: LoadScope): MapNode | undefined {
  if (document.kind !== 'map') {
    if (!isNull(document)) {
      shared.findings.error(
        'COMPOSE_TYPE_MISMATCH',
        'a compose file must be a mapping at its top',
        document,
        { hint: 'Start it with `services:`.' },
      );
    }
    return undefined;
  }
  return asMap(
    interpolate(document, {
      lookup: (name) => environment.get(name),
      findings: shared.findings,
      variables: shared.variables,
      enabled: shared.interpolate,
    }),
  );
}

function finishCanonical(root: Node, { shared }: LoadScope): Node {
  const canonical = toCanonical(root, shared.findings, !shared.interpolate);
  dropEmptyServers(canonical);
  // a range of ports, now written out, may clash with one of its ports given alone
  return enforceUnique(canonical, shared.findings);
}

/** An empty name server, as an unset variable leaves it, is none. */
function dropEmptyServers(root: Node): void {
  const services = child(root, 'services');
  if (services?.kind !== 'map') {
    return;
  }
  for (const { value } of services.entries.values()) {
    const servers = child(value, 'dns');
    if (servers?.kind === 'seq') {
      servers.items = servers.items.filter((item) => !isNull(item) && !isEmptyText(item));
    }
  }
}

function isEmptyText(node: Node): boolean {
  return node.kind === 'scalar' && node.value === '';
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

function asMap(node: Node): MapNode | undefined {
  return node.kind === 'map' ? node : undefined;
}
