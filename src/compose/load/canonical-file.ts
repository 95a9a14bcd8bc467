import { toCanonical } from './canonical/canonical.ts';
import { interpolate } from './interpolate/interpolate.ts';
import type { LoadScope } from './load-context.ts';
import { enforceUnique } from './merge/unique.ts';
import { child, isNull, type MapNode, type Node, type Place } from './yaml/node.ts';

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

/** A private copy of a document with its variables replaced; `undefined` where it is no mapping. */
export function readDocument(
  document: Node,
  { shared, environment }: LoadScope,
): MapNode | undefined {
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
      budget: shared.budget,
    }),
  );
}

/** Long forms for short ones, and what only that shows to be the same merged. */
export function finishCanonical(root: Node, { shared }: LoadScope): Node {
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

/** The node as a mapping, `undefined` where it is none. */
export function asMap(node: Node): MapNode | undefined {
  return node.kind === 'map' ? node : undefined;
}
